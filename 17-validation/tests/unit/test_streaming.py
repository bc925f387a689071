"""Records one at a time: the good, the bad, the cut and the resumed."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from velvet_validation.contender import Compiled
from velvet_validation.contenders import contender
from velvet_validation.guard import LimitExceeded
from velvet_validation.samples.cases import FAULTS, valid
from velvet_validation.streaming import (
    Row,
    Truncated,
    iter_json_array,
    iter_ndjson,
    quarantine,
    resume_offset,
)

BAD = next(fault for fault in FAULTS if fault.id == "below minimum")


@pytest.fixture(scope="module")
def model() -> Compiled:
    return contender("msgspec").build("signup", "strict")


def lines(*bad: int, n: int = 10) -> list[bytes]:
    good = [valid("signup", seed=seed) for seed in range(n)]
    records = [BAD.apply(one) if i in bad else one for i, one in enumerate(good)]
    return [json.dumps(record).encode() + b"\n" for record in records]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.ndjson"
    path.write_bytes(b"".join(lines(2, 5, 9)))
    return path


def test_a_record_that_only_some_parsers_read_is_refused(tmp_path: Path, model: Compiled) -> None:
    path = tmp_path / "marked.ndjson"
    path.write_bytes(b"\xef\xbb\xbf" + lines(n=1)[0])

    (row,) = iter_ndjson(path, model)

    assert [(one.path, one.code) for one in row.problems] == [((), "json")]
    assert "no common JSON" in row.problems[0].message


def test_bad_records_are_collected_with_their_place(feed: Path, model: Compiled) -> None:
    rows = list(iter_ndjson(feed, model))

    assert [row.index for row in rows if row.problems] == [2, 5, 9]
    data = feed.read_bytes()
    assert all(data[row.offset : row.end].rstrip() == row.raw for row in rows)
    assert rows[2].problems[0].path == ("age",)


def test_empty_lines_are_no_records(tmp_path: Path, model: Compiled) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\n".join([b"", *lines(n=2), b"  ", b""]))

    assert len(list(iter_ndjson(path, model))) == 2


def test_a_line_that_is_no_json_is_bad_data(tmp_path: Path, model: Compiled) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"{oops}\n\xff\n" + b"[" * 100_000 + b"\n" + lines(n=1)[0])

    rows = list(iter_ndjson(path, model))

    assert [bool(row.problems) for row in rows] == [True, True, True, False]
    assert {row.problems[0].code for row in rows[:3]} == {"json"}


def test_gzip_is_recognised_by_its_first_bytes(feed: Path, model: Compiled, tmp_path: Path) -> None:
    packed = tmp_path / "feed.bin"
    packed.write_bytes(gzip.compress(feed.read_bytes()))

    plain = [row.value for row in iter_ndjson(feed, model)]

    assert [row.value for row in iter_ndjson(packed, model)] == plain


@pytest.mark.parametrize("packed", [False, True])
def test_a_cut_file_is_told_from_bad_data(tmp_path: Path, model: Compiled, packed: bool) -> None:
    data = b"".join(lines(n=40))
    path = tmp_path / "cut"
    path.write_bytes(gzip.compress(data)[:-20] if packed else data[:-20])

    with pytest.raises(Truncated, match="it was cut"):
        list(iter_ndjson(path, model))


def test_a_last_line_without_an_end_is_whole_when_it_parses(
    tmp_path: Path, model: Compiled
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"".join(lines(1, n=2)).rstrip(b"\n"))

    rows = list(iter_ndjson(path, model))

    assert [bool(row.problems) for row in rows] == [False, True]


def test_an_array_gives_the_values_of_its_lines(
    feed: Path, model: Compiled, tmp_path: Path
) -> None:
    array = tmp_path / "feed.json"
    array.write_bytes(b"[" + b",".join(line.rstrip() for line in lines(2, 5, 9)) + b"]")

    items = list(iter_json_array(array, model))

    rows = list(iter_ndjson(feed, model))
    assert [item.value for item in items] == [row.value for row in rows]
    assert json.loads(items[2].raw) == json.loads(rows[2].raw)
    assert {(item.offset, item.end) for item in items} == {(-1, -1)}  # ijson tells no offsets
    assert [item.index for item in items] == [row.index for row in rows]


def test_an_array_that_does_not_end_is_cut(tmp_path: Path, model: Compiled) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"[" + b",".join(line.rstrip() for line in lines(n=3)))

    with pytest.raises(Truncated) as cut:
        list(iter_json_array(path, model))
    assert cut.value.offset == 3
    path.write_bytes(b"[")
    with pytest.raises(Truncated) as cut:
        list(iter_json_array(path, model))
    assert cut.value.offset == 0


def test_quarantine_parts_the_good_from_the_bad(feed: Path, model: Compiled) -> None:
    good, bad = feed.with_name("good"), feed.with_name("bad")

    summary = quarantine(iter_ndjson(feed, model), good, bad)

    assert (summary.ok, summary.bad) == (7, 3)
    assert sum(summary.by_code.values()) == 3
    assert good.read_bytes() == b"".join(
        line for i, line in enumerate(lines(2, 5, 9)) if i not in (2, 5, 9)
    )
    written = [json.loads(line) for line in bad.read_text(encoding="utf-8").splitlines()]
    assert written[0]["problems"][0]["pointer"] == "/age"
    assert sorted(p.name for p in feed.parent.iterdir()) == ["bad", "feed.ndjson", "good"]
    assert resume_offset(good) == 0


def test_errors_survive_pickling() -> None:
    error = Truncated(7)

    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert len({again, error}) == 2


def test_a_note_never_covers_more_than_the_files_hold(feed: Path, model: Compiled) -> None:
    good, bad = feed.with_name("good"), feed.with_name("bad")
    seen = []

    def rows() -> Iterator[Row]:
        for row in iter_ndjson(feed, model):
            yield row
            note = json.loads(good.with_name("good.note").read_text(encoding="utf-8"))
            parts = [path.with_name(f"{path.name}.part") for path in (good, bad)]
            seen.append(
                (note["offset"] == row.end, [p.stat().st_size for p in parts] == note["sizes"])
            )

    quarantine(rows(), good, bad, every=1)

    assert seen == [(True, True)] * 10


def test_a_small_file_with_one_endless_record_is_refused(tmp_path: Path, model: Compiled) -> None:
    bomb = tmp_path / "bomb.ndjson.gz"
    bomb.write_bytes(gzip.compress(b"".join(lines(n=1)) + b"[" * 5_000_000))
    assert bomb.stat().st_size < 10_000

    rows = iter_ndjson(bomb, model, max_record=1_000)

    assert next(rows).problems == ()
    with pytest.raises(LimitExceeded, match="max_record is exceeded: found 1001 at byte"):
        next(rows)
