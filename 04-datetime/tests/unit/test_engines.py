"""The matrix: pinned verdicts, and what is known of single engines and parsers."""

# ruff: noqa: DTZ001 - wall times are naive here, on purpose
from __future__ import annotations

import datetime as dt
import json
import sys
import zoneinfo
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from velvet_datetime import contenders, parsers
from velvet_datetime.contender import Unsupported
from velvet_datetime.environment import tz_report
from velvet_datetime.errors import NaiveDatetimeError, ParseError
from velvet_datetime.matrix import Case, Matrix, Verdict, cases, judge, run_matrix, written
from velvet_datetime.samples.cases import texts

UTC = dt.timezone.utc
# Written by `python tests/unit/test_engines.py`; a change of it is to be read, not accepted.
PINNED = Path(__file__).parents[1] / "data" / "verdicts.json"
# What these read or print differs from one Python, or one pandas, to the next.
VARIES = ("texts", "round trips")


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return run_matrix(contenders.installed())


def pinned_as(engine: str) -> str:
    """Return an engine's name in the file: pandas before 3 takes its zones from pytz."""
    return f"pandas {version('pandas').split('.')[0]}" if engine == "pandas" else engine


def verdicts(matrix: Matrix) -> dict[str, dict[str, str]]:
    return {
        pinned_as(engine): {
            one.case.question: one.verdict.value
            for one in cells
            if one.case.category not in VARIES or engine == "whenever"
        }
        for engine, cells in sorted(matrix.cells.items())
    }


@pytest.mark.parametrize("engine", contenders.NAMES)
def test_every_verdict_is_the_known_one(matrix: Matrix, engine: str) -> None:
    if engine not in matrix.cells:
        pytest.skip(f"{engine} is not installed: pip install -r requirements.txt")
    known = json.loads(PINNED.read_text(encoding="utf-8"))[pinned_as(engine)]

    assert verdicts(matrix)[pinned_as(engine)] == known


def test_the_cases_are_many_and_distinct() -> None:
    found = cases()

    assert len(found) >= 64
    assert len({case.category for case in found}) >= 12
    assert len({case.question for case in found}) == len(found)
    assert all(case.source for case in found)


def test_an_engine_that_adds_on_the_wall_is_silently_wrong_about_exact_time(matrix: Matrix) -> None:
    wrong = Counter(one.case.category for one in matrix.wrong("zoneinfo_wall"))

    assert wrong["exact time over a change"] >= 5
    assert matrix.score("zoneinfo_utc", "exact time over a change") == {Verdict.RIGHT: 7}


def test_pytz_knows_no_summer_after_2037_and_misused_a_local_mean_time(matrix: Matrix) -> None:
    assert matrix.score("pytz", "after 2037")[Verdict.SILENTLY_WRONG] >= 4
    misused = contenders.load("pytz_misused")
    value = misused.from_wall(dt.datetime(2026, 7, 1, 12), "Europe/Amsterdam")
    assert value.utcoffset() == dt.timedelta(minutes=18)


def test_two_halves_of_a_fold_equal_each_other_and_nothing_else() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone)
    second = first.replace(fold=1)

    assert first == second
    assert hash(first) == hash(second)
    assert first != first.astimezone(UTC)
    assert second != second.astimezone(UTC)


def test_subtraction_depends_on_whether_the_zone_is_one_object() -> None:
    start, end = dt.datetime(2026, 3, 29), dt.datetime(2026, 3, 30)
    one = zoneinfo.ZoneInfo("Europe/Berlin")
    other = zoneinfo.ZoneInfo.no_cache("Europe/Berlin")

    assert end.replace(tzinfo=one) - start.replace(tzinfo=one) == dt.timedelta(hours=24)
    assert end.replace(tzinfo=other) - start.replace(tzinfo=one) == dt.timedelta(hours=23)


@pytest.mark.parametrize(
    ("expected", "kind", "verdict"),
    [
        ("False", "equal", Verdict.SILENTLY_WRONG),
        ("True", "equal", Verdict.RIGHT),
        (None, "parse", Verdict.RIGHT),
        ("x", "parse", Verdict.REFUSED),
        (None, "months", Verdict.UNSUPPORTED),
    ],
)
def test_verdicts(expected: str | None, kind: str, verdict: Verdict) -> None:
    fold = ("Europe/Berlin", "2026-10-25T00:30", "Europe/Berlin", "2026-10-25T01:30")
    arguments = {"equal": fold, "parse": ("nonsense",), "months": ("UTC", "2026-01-01T00:00", 1)}[
        kind
    ]
    case = Case("c", "q", kind, arguments, expected, "s")

    assert judge(contenders.load("zoneinfo_wall"), case).verdict is verdict


def test_numpy_counts_ticks_in_utc_and_knows_no_other_zone() -> None:
    numpy = pytest.importorskip("velvet_datetime.contenders.numpy")
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=UTC)
    value = numpy.to_zone(numpy.from_instant(noon, "UTC"), "UTC")
    later = numpy.add_exact(numpy.add_days(value, 1), dt.timedelta(hours=1))

    assert numpy.instant(later) == noon + dt.timedelta(hours=25)
    assert numpy.difference(later, value) == dt.timedelta(hours=25)
    assert numpy.equal(value, numpy.parse(numpy.iso(value)))
    assert not numpy.equal(value, later)
    with pytest.raises(Unsupported, match="no time zones"):
        numpy.to_zone(value, "Europe/Berlin")
    with pytest.raises(OverflowError):
        numpy.instant(numpy.parse("0000-01-01"))


def test_unknown_names_are_refused() -> None:
    for call in (contenders.load, parsers.parser):
        with pytest.raises(ValueError, match="choose one of"):
            call("maya")
    with pytest.raises(NaiveDatetimeError):
        written(dt.datetime(2026, 1, 1))
    with pytest.raises(Unsupported):
        contenders.load("dateutil").from_instant(dt.datetime(2026, 1, 1, tzinfo=UTC), "Mars/Base")


def test_a_missing_library_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "velvet_datetime.contenders.arrow", None)
    contenders.installed.cache_clear()
    try:
        assert "arrow" not in contenders.installed()
    finally:
        contenders.installed.cache_clear()


@pytest.mark.parametrize("name", parsers.NAMES)
def test_every_parser_reads_what_every_producer_writes(name: str) -> None:
    text = "2026-03-29T01:30:45.123456+02:00"

    assert written(parsers.instant_of(name, text)) == texts()[text]
    assert parsers.instant_of(name, text.replace(".123456", "")).microsecond == 0


@pytest.mark.parametrize("text", sorted(texts()))
def test_ours_reads_what_the_rfc_allows_and_nothing_else(text: str) -> None:
    if texts()[text] is None:
        with pytest.raises(ParseError):
            parsers.instant_of("ours", text)
    else:
        assert written(parsers.instant_of("ours", text)) == texts()[text]


def test_a_text_without_an_offset_is_no_instant() -> None:
    with pytest.raises(NaiveDatetimeError):
        parsers.instant_of("fromisoformat", "2026-01-01T12:00:00")


def test_the_report_names_every_copy_of_the_data() -> None:
    report = tz_report()

    assert report.source == "tzdata"  # the tests read no other
    assert set(report.versions) == {"tzdata", "pytz"}
    assert all(len(version) == 5 for version in report.versions.values())
    assert report.leap_expires is not None
    assert report.agree is (report.versions["tzdata"] == report.versions["pytz"])
    assert bool(report.quirks) is (sys.version_info < (3, 11) or sys.platform == "win32")


def test_the_report_reads_a_system_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Europe").mkdir()
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
    assert list(tz_report().versions) == ["tzdata", "pytz"]

    (tmp_path / "tzdata.zi").write_text("# version 2020a\n", encoding="ascii")
    assert tz_report().versions[tmp_path.as_posix()] == "2020a"
    assert not tz_report().agree


if __name__ == "__main__":
    from velvet_datetime.truth import only_tzdata

    with only_tzdata():
        found = verdicts(run_matrix(contenders.installed()))
    found = json.loads(PINNED.read_text(encoding="utf-8")) | found
    PINNED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
