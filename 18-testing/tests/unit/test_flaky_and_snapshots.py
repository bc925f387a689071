"""Reruns, verdicts, polluters, quarantine, snapshots."""

from __future__ import annotations

import json
import math
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from velvet_testing import flaky, snapshot
from velvet_testing.flaky import Observation, Quarantine, QuarantineError, Verdict
from velvet_testing.snapshot import SnapshotMismatch, Snapshots

TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(("p", "n"), [(0.5, 5), (0.1, 29), (0.0175, 170)])
def test_reruns_follow_the_formula(p: float, n: int) -> None:
    assert flaky.reruns_needed(p) == n
    exact = 1 - Fraction(p)
    assert exact**n <= Fraction(1, 20) < exact ** (n - 1)


@pytest.mark.parametrize("bad", [0, 1, 1.5, -1, math.nan])
def test_no_probability_no_answer(bad: float) -> None:
    for ask in (
        lambda: flaky.reruns_needed(bad),
        lambda: flaky.reruns_needed(0.5, bad),
        lambda: flaky.upper_bound(5, bad),
        lambda: flaky.binomial_band(5, bad),
    ):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ask()


def test_passes_bound_the_rate_of_failure() -> None:
    assert flaky.upper_bound(300) == pytest.approx(3 / 300, rel=0.01)
    assert flaky.upper_bound(1, 0.5) == 0.5
    with pytest.raises(ValueError, match="exclude nothing"):
        flaky.upper_bound(0)


def test_the_binomial_band_leaves_out_half_a_percent_on_each_side() -> None:
    low, high = flaky.binomial_band(10, 0.5)

    assert (low, high) == (1, 9)
    assert Fraction(1, 1024) <= Fraction(5, 1000)
    assert Fraction(1 + 10, 1024) > Fraction(5, 1000)


def seen(*runs: tuple[bool, str, int, str]) -> list[Observation]:
    return [Observation(*run) for run in runs]


@pytest.mark.parametrize(
    ("history", "verdict"),
    [
        (seen((True, "a", 1, "x")), Verdict.STABLE),
        (seen((False, "a", 1, "x"), (False, "b", 2, "y")), Verdict.STABLE),
        (
            seen((True, "a", 1, "x"), (False, "b", 1, "x"), (False, "b", 2, "x")),
            Verdict.ORDER_DEPENDENT,
        ),
        (
            seen((True, "a", 1, "x"), (False, "a", 2, "x"), (False, "a", 2, "x")),
            Verdict.TIME_DEPENDENT,
        ),
        (
            seen((True, "a", 1, "x"), (False, "a", 1, "y"), (False, "a", 1, "y")),
            Verdict.ENVIRONMENT,
        ),
        (seen((True, "a", 1, "x"), (False, "a", 1, "x")), Verdict.NON_DETERMINISTIC),
        (seen((True, "a", 1, "x"), (False, "b", 2, "y")), Verdict.NON_DETERMINISTIC),
    ],
)
def test_the_simplest_cause_that_explains_every_run(
    history: list[Observation], verdict: Verdict
) -> None:
    assert flaky.classify(history) is verdict


def test_no_runs_no_verdict() -> None:
    with pytest.raises(ValueError, match="no runs"):
        flaky.classify([])


TESTS = [f"t{i}" for i in range(40)]


def test_one_polluter_of_forty_is_found_in_eight_runs() -> None:
    report = flaky.find_polluters(TESTS, "t39", runner=lambda before: "t13" not in before)

    assert report.polluters == ["t13"]
    assert report.runs <= 9


def test_a_pair_of_polluters_and_their_cleaner_are_found() -> None:
    def runner(before: list[str]) -> bool:
        return not {"t3", "t30"} <= set(before) or before[-1] == "t35"

    report = flaky.find_polluters(TESTS, "t39", runner=runner, cleaners=True)

    assert set(report.polluters) == {"t3", "t30"}
    assert report.cleaners == ["t35"]


@pytest.mark.parametrize(
    ("runner", "word"),
    [(lambda before: False, "fails by itself"), (lambda before: True, "no order failure")],
)
def test_a_victim_that_no_test_breaks_is_refused(runner: Any, word: str) -> None:
    with pytest.raises(flaky.NotPolluted, match=word):
        flaky.find_polluters(TESTS, "t39", runner=runner)


ENTRY = {"test": "t::a", "owner": "Ann", "reason": "slow peer", "expires": "2026-07-01"}


def test_a_quarantined_test_has_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.json"
    path.write_text(json.dumps([ENTRY]), encoding="utf-8")

    quarantine = Quarantine.load(path, today=TODAY)

    assert quarantine.reason("t::a") == "slow peer (Ann, until 2026-07-01)"
    assert quarantine.reason("t::b") == ""


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"expires": "2026-05-31"}, "expired on 2026-05-31; Ann repairs"),
        ({"expires": "soon"}, "entry 0"),
        ({"expires": None}, "entry 0"),
        ({"owner": ...}, "owner"),
    ],
)
def test_an_entry_that_is_incomplete_or_old_is_refused(
    tmp_path: Path, change: dict[str, Any], word: str
) -> None:
    entry = {name: value for name, value in {**ENTRY, **change}.items() if value is not ...}
    path = tmp_path / "quarantine.json"
    path.write_text(json.dumps([entry]), encoding="utf-8")

    with pytest.raises(QuarantineError, match=word):
        Quarantine.load(path, today=TODAY)


def test_a_snapshot_is_approved_once_and_then_held(tmp_path: Path) -> None:
    one = Snapshots(tmp_path)
    one.approve({"b": 1, "a": [2]}, name="first")
    one.approve({"a": [2], "b": 1}, name="first")

    with pytest.raises(SnapshotMismatch, match=r'-  "b": 1\n\+  "b": 2'):
        one.approve({"a": [2], "b": 2}, name="first")
    Snapshots(tmp_path, update=True).approve(3, name="first")
    assert (tmp_path / "first.json").read_text("utf-8") == "3\n"


def test_what_changes_each_time_is_scrubbed(tmp_path: Path) -> None:
    first = "1f0e9f6c-1111-4222-8333-444455556666"
    text = f"{tmp_path}/a at 2026-06-01T10:00:00.5Z by {first}, {first}"
    scrubbers = [snapshot.scrub_path(tmp_path), snapshot.scrub_times, snapshot.scrub_uuids]
    for scrub in scrubbers:
        text = scrub(text)

    assert text == "<folder>/a at <time> by <uuid-1>, <uuid-1>"
    Snapshots(tmp_path).approve(str(tmp_path), name="place", scrubbers=scrubbers)
    assert (tmp_path / "place.json").read_text("utf-8") == '"<folder>"\n'


@pytest.mark.parametrize("name", ["../x", "a\x00", "", "..", "a/b"])
def test_a_snapshot_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="unsafe snapshot name"):
        Snapshots(tmp_path).approve(1, name=name)


def test_snapshots_that_nothing_asks_for_are_named(tmp_path: Path) -> None:
    Snapshots(tmp_path).approve(1, name="old")
    fresh = Snapshots(tmp_path)
    fresh.approve(1, name="new")

    assert fresh.unused() == ["old"]


def test_a_full_disk_leaves_the_approved_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Snapshots(tmp_path).approve(1, name="kept")

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        Snapshots(tmp_path, update=True).approve(2, name="kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]
    assert (tmp_path / "kept.json").read_text("utf-8") == "1\n"
