"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from velvet_devtools.commits import Commit, parse, section
from velvet_devtools.contenders.checkers import Diagnostic
from velvet_devtools.debug.query import Query
from velvet_devtools.debug.trace import Trace
from velvet_devtools.debug.values import written
from velvet_devtools.errors import CommitError, DevtoolsError, JsoncError, QueryError
from velvet_devtools.health import entropy
from velvet_devtools.ide import jsonc
from velvet_devtools.ide.pycharm import read_xml
from velvet_devtools.lint import Status
from velvet_devtools.matrix import Matrix, Row, judge
from velvet_devtools.profiling import Profile, Regression, compare, sampler
from velvet_devtools.samples.defects import Defect


def test_a_message_a_question_and_a_file_have_a_size(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(b"<a>" + b"x" * (4 * 1024 * 1024 - 7) + b"</a>")

    assert parse("fix: " + "x" * (2_000_000 - 5)).type == "fix"
    assert Query("x" * 300).names == {"x" * 300}
    assert read_xml(file).tag == "a"
    with pytest.raises(CommitError, match="2,000,001 characters"):
        parse("fix: " + "x" * (2_000_001 - 5))
    with pytest.raises(QueryError, match="at most 300 characters, not 301"):
        Query("x" * 301)
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(DevtoolsError, match="smaller than 4 MB"):
        read_xml(file)


def test_json_is_read_a_hundred_deep() -> None:
    assert jsonc.loads("[" * 101 + "]" * 101)
    with pytest.raises(JsoncError, match="nested more than 100 deep"):
        jsonc.loads("[" * 102 + "]" * 102)


def test_a_trace_has_no_step_before_its_first_or_after_its_last() -> None:
    code = compile("x = 1", "a.py", "exec")
    trace = Trace([(0, 0, code, 1, 0, "line", {})] * 2)

    assert [trace.at(number).step.number for number in (0, 1)] == [0, 1]
    for number in (-1, 2):
        with pytest.raises(IndexError, match=f"from 0 to 1, not {number}"):
            trace.at(number)


def test_a_call_that_returned_is_on_no_stack() -> None:
    outer, inner = (compile(f"def {name}(): 0", "a.py", "exec").co_consts[0] for name in ("f", "g"))
    steps = [(1, outer, "call"), (2, inner, "call"), (2, inner, "return"), (1, outer, "line")]
    trace = Trace([(0, call, code, 1, 0, kind, {}) for call, code, kind in steps])

    assert [trace.at(n).stack for n in range(4)] == [("f",), ("f", "g"), ("f", "g"), ("f",)]


def test_a_sampler_leaves_no_thread_behind() -> None:
    sampler(lambda: None)

    assert "sampler" not in [one.name for one in threading.enumerate()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[[]]], "[[[]]]"),
        ([[[[]]]], "[[[<list>]]]"),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"),
        (list(range(13)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... 1 more]"),
        ("x" * 120, repr("x" * 120)),
        ("x" * 121, repr("x" * 120) + "... 121 long"),
        (2**4_000, "<int of 4,001 bits>"),
        (2**4_000 - 1, str(2**4_000 - 1)),
        ({"a": {"b": {}}}, "{'a': {'b': {}}}"),
        ({((),): 1}, "{(()): 1}"),
        ({(((),),): 1}, "{((<tuple>)): 1}"),
        ({"a": {"b": {"c": {}}}}, "{'a': {'b': {'c': <dict>}}}"),
        (["x" * 36] * 12, "[" + ", ".join([repr("x" * 36)] * 12) + "]"),  # of 480 characters
        (["x" * 120] * 12, ("[" + ", ".join([repr("x" * 120)] * 12))[:480] + "..."),
    ],
)
def test_what_is_written_of_a_value_is_bounded(value: object, text: str) -> None:
    assert written(value) == text


def test_two_runs_have_a_range() -> None:
    runs = [Profile({"f": 1.0}), Profile({"f": 2.0})]

    assert compare(runs, runs) == []
    assert compare([Profile({})] * 2, runs) == [Regression("f", 0.0, 1.5, True)]
    assert compare(runs, [Profile({})] * 2) == []
    for before, after in ((runs[:1], runs), (runs, runs[:1])):
        with pytest.raises(ValueError, match="at least two runs"):
            compare(before, after)


def row(tool: str, found: str, seconds: float, alarms: str = "") -> Row:
    return Row(tool, "", Status.OK, dict.fromkeys(found, "said"), frozenset(alarms), 0, seconds)


def test_the_best_pair_finds_most_with_the_fewest_alarms_in_the_least_time() -> None:
    slow, quick = row("ruff", "ab", 3.0), row("flake8", "ab", 1.0)
    loud, types = row("pylint", "ab", 0.1, alarms="z"), row("mypy", "c", 1.0)

    assert Matrix((slow, quick, loud, types), ()).best_pair() == (quick, types)
    assert Matrix((slow, loud, types, row("pyright", "c", 0.5)), ()).best_pair() == (
        slow,
        row("pyright", "c", 0.5),
    )
    assert Matrix((slow, quick), ()).best_pair() is None


def test_the_cheapest_cover_spends_its_budget_to_the_last_second() -> None:
    wide, types, both = row("ruff", "ab", 1.0), row("mypy", "c", 1.0), row("pylint", "abc", 3.0)
    matrix = Matrix((wide, types, both), ())

    assert matrix.cheapest_cover(0.9) == []
    assert matrix.cheapest_cover(1.0) == [wide]
    assert matrix.cheapest_cover(2.0) == matrix.cheapest_cover(9.0) == [wide, types]
    with pytest.raises(ValueError, match=r"a budget of -0\.1 s"):
        matrix.cheapest_cover(-0.1)


def test_noise_is_what_is_said_of_a_twin_beside_the_defect() -> None:
    one = Defect("a", "kind", "", "", 5, frozenset({"E1"}))
    twin = [Diagnostic("/twins/kind_a_ok.py", 5, 1, code, "m") for code in ("E1", "E2", "E3")]

    assert judge([*twin, Diagnostic("/twins/other.py", 5, 1, "E1", "m")], [one]) == (
        {},
        frozenset({"kind_a"}),
        2,
    )


def test_entropy_is_counted_in_bits_a_character() -> None:
    assert [entropy(text) for text in ("", "aaaa", "abab", "abcd")] == [0, 0, 1, 2]


def test_breaking_changes_come_first() -> None:
    found = [Commit("feat", "a"), Commit("feat", "b", breaking=True), Commit("feat", "c")]

    lines = [line for line in section("1.0.0", "2026-01-01", found).split("\n") if line[:1] == "-"]

    assert lines == ["- **Breaking:** b", "- a", "- c"]
