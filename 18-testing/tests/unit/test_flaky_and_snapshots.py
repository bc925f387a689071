"""Reruns, verdicts, quarantine, polluters, snapshots."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from velvet_testing import flaky, snapshot
from velvet_testing.flaky import Observation, Verdict
from velvet_testing.snapshot import SnapshotMismatch, Snapshots


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


def test_the_last_day_of_an_excuse_still_counts() -> None:
    text = "test_a; web; a race; 2026-06-01\n\n  test_b;db;slow disk;2026-06-02  \n"

    assert flaky.quarantined(text, date(2026, 6, 1)) == {"test_a", "test_b"}
    assert flaky.quarantined("", date(2026, 6, 1)) == set()
    with pytest.raises(flaky.QuarantineError, match="test_a was excused until 2026-06-01: web"):
        flaky.quarantined(text, date(2026, 6, 2))


TESTS = [f"t{i}" for i in range(40)]


def test_one_polluter_of_forty_is_found_in_nine_runs() -> None:
    report = flaky.find_polluters(TESTS, "t39", runner=lambda before: "t13" not in before)

    assert report.polluters == ["t13"]
    assert report.runs <= 9


def test_a_pair_of_polluters_is_found() -> None:
    def runner(before: list[str]) -> bool:
        return not {"t3", "t30"} <= set(before)

    report = flaky.find_polluters(TESTS, "t39", runner=runner)

    assert set(report.polluters) == {"t3", "t30"}


@pytest.mark.parametrize(
    ("runner", "word"),
    [(lambda before: False, "fails by itself"), (lambda before: True, "no order failure")],
)
def test_a_victim_that_no_test_breaks_is_refused(runner: Any, word: str) -> None:
    with pytest.raises(flaky.NotPolluted, match=word):
        flaky.find_polluters(TESTS, "t39", runner=runner)


def test_a_snapshot_is_approved_once_and_then_held(tmp_path: Path) -> None:
    one = Snapshots(tmp_path)
    one.approve({"b": 1, "a": [2]}, name="first")
    one.approve({"a": [2], "b": 1}, name="first")

    with pytest.raises(SnapshotMismatch, match=r'-  "b": 1\n\+  "b": 2'):
        one.approve({"a": [2], "b": 2}, name="first")
    Snapshots(tmp_path, update=True).approve(3, name="first")
    assert (tmp_path / "first.json").read_text("utf-8") == "3\n"


def test_what_changes_each_time_is_scrubbed(tmp_path: Path) -> None:
    text = "at 2026-06-01T10:00:00.5Z and 2026-06-01 10:00+02:00, not on 2026-06-01"

    Snapshots(tmp_path).approve(text, name="times", scrubbers=[snapshot.scrub_times])

    assert "at <time> and <time>, not on 2026-06-01" in (tmp_path / "times.json").read_text("utf-8")


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
