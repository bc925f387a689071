"""Access logs by every parser, whole files, and templates mined from messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet_text import logs
from velvet_text.drain import ANY, Drain
from velvet_text.errors import TextError
from velvet_text.samples import texts

LINES = texts.access_log(300, bad=0.1)
PLAIN = ("negated", "named", "split", "re2")


@pytest.mark.parametrize("name", [*PLAIN, "greedy"])
def test_every_parser_finds_the_same(name: str) -> None:
    want = list(map(logs.parser("negated"), LINES))

    assert list(map(logs.parser(name), LINES)) == want
    assert 0 < want.count(None) < 60


@pytest.mark.parametrize("name", ["json", "orjson"])
def test_lines_of_json_give_the_same_fields(name: str) -> None:
    parse = logs.parser(name)

    assert [parse(line) for line in texts.json_lines(LINES[:5])] == [
        found for line in LINES[:5] if (found := logs.parser("negated")(line))
    ]
    assert [parse(bad) for bad in ("", "[]", '{"a": 1}', "\ud800", "[" * 100_000)] == [None] * 5


BAD = [
    "", "x", 'h - u [t] "GET / HTTP/1.1" 200 1 "-"', 'h - u [t] "GET / HTTP/1.1" 2000 1 "-" "a"',
    'h - u [t] "get / HTTP/1.1" 200 1 "-" "a"', 'h - u [t] "GET / HTTP/1.1" 200 x "-" "a"',
    'h - u (t) "GET / HTTP/1.1" 200 1 "-" "a"', 'h - u [t] "GET / HTTP/1.1" 200 1 "-" "a" b',
    ' - u [t] "GET / HTTP/1.1" 200 1 "-" "a"', 'h -  [t] "GET / HTTP/1.1" 200 1 "-" "a"',
    'h - u [t] "GET  HTTP/1.1" 200 1 "-" "a"',
]  # fmt: skip


@pytest.mark.parametrize("line", BAD)
@pytest.mark.parametrize("name", PLAIN)
def test_what_is_no_line_is_none(name: str, line: str) -> None:
    assert logs.parser(name)(line) is None


@pytest.mark.parametrize("name", [*PLAIN, "greedy"])
def test_every_parser_takes_every_text(name: str, hard_text: str) -> None:
    parse = logs.parser(name)

    if name == "re2" and any("\ud800" <= c <= "\udfff" for c in hard_text):
        with pytest.raises(UnicodeEncodeError, match="surrogates"):
            parse(hard_text)
    else:
        assert parse(hard_text) is None


def test_lines_are_ok_or_bad(tmp_path: Path) -> None:
    path = texts.write_log(tmp_path / "log", 300, bad=0.1)
    stats = logs.ParseStats()

    found = list(logs.parse_file(path, logs.parser("split"), stats=stats, on_error="collect"))

    assert stats.lines == stats.ok + stats.bad == 300
    assert (len(found), stats.bytes) == (stats.ok, path.stat().st_size)
    assert len(stats.samples) == logs.SAMPLES
    with pytest.raises(TextError, match="no access line"):
        list(logs.parse_file(path, logs.parser("split"), on_error="raise"))
    with pytest.raises(TextError, match="on_error"):
        next(logs.parse_file(path, logs.parser("split"), on_error="skip"))  # type: ignore[arg-type]
    with pytest.raises(TextError, match="unknown parser"):
        logs.parser("awk")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 400])
def test_parts_cover_a_file_and_end_at_line_ends(tmp_path: Path, count: int) -> None:
    path = texts.write_log(tmp_path / "log", 50)
    data = path.read_bytes()

    ranges = logs.parts(path, count)

    assert b"".join(data[start:end] for start, end in ranges) == data
    assert len(ranges) == count
    assert all(end == 0 or data[end - 1] == 10 for _, end in ranges)


def test_the_parts_together_are_the_whole(tmp_path: Path) -> None:
    path = texts.write_log(tmp_path / "log", 50, bad=0.1)
    whole, total = logs._part(str(path), "negated", 0, path.stat().st_size)
    made, stats = [], logs.ParseStats()

    for start, end in logs.parts(path, 4):
        lines, part = logs._part(str(path), "negated", start, end)
        made += lines
        stats.add(part)

    assert (made, stats) == (whole, total)


def test_drain_finds_the_templates_behind_the_messages() -> None:
    shallow, deep = Drain(depth=3), Drain(depth=4)
    assert Drain(depth=2, max_children=1, similarity=0).add("a b").template == "a b"
    assert Drain(similarity=1).add("a b").template == "a b"
    for message in texts.messages(2000):
        shallow.add(message)
        deep.add(message)

    found = shallow.templates()

    assert sum(cluster.size for cluster in found) == 2000
    assert len(found) <= 2 * len(texts.MESSAGES)
    assert len(deep.templates()) > 3 * len(found)  # a name as the second word splits the tree
    assert "Worker <number> started on core <number>" in [one.template for one in found]


def test_messages_of_other_lengths_are_other_templates() -> None:
    drain = Drain()

    ids = [drain.add(text).id for text in ("took 1 s", "took 2 s", "took very long today", "")]

    assert ids == [1, 1, 2, 3]


def test_a_full_node_shares_a_branch() -> None:
    drain = Drain(max_children=2, depth=3, masks=())

    made = [drain.add(f"{word} x y z") for word in ("a", "b", "c", "d")]

    assert made[3].template == f"{ANY} x y z"
    assert made[3].size == 2
    assert drain.words("w " * 2000) == ("w",) * 1000


@pytest.mark.parametrize(
    ("options", "templates"),
    [
        ({"depth": 2}, {"a b <*>", "x y z"}),
        ({"similarity": 0}, {"a b <*>", "x y z"}),
        ({"similarity": 1}, {"a b c", "a b d", "x y z"}),
        ({"max_children": 1}, {"a b <*>", "x y z"}),
    ],
)
def test_the_last_options_that_are_allowed(options: dict[str, float], templates: set[str]) -> None:
    drain = Drain(**options)  # type: ignore[arg-type]

    assert {
        one.template for one in [drain.add(t) for t in ("a b c", "a b d", "x y z")]
    } == templates


@pytest.mark.parametrize(
    "options",
    [
        {"depth": 1},
        {"similarity": 1.01},
        {"similarity": -0.01},
        {"similarity": float("nan")},
        {"max_children": 0},
    ],
)
def test_wrong_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(TextError, match="depth >= 2"):
        Drain(**options)  # type: ignore[arg-type]
