"""Amdahl, Karp-Flatt, Gunther, fits; ladders that prove equal output."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from velvet_performance import ladder, scaling, service
from velvet_performance.errors import OutputChanged
from velvet_performance.samples import access_steps
from velvet_performance.samples.programs import access_log


def test_known_values_of_the_laws() -> None:
    assert scaling.amdahl(0.5, math.inf) == 2
    assert scaling.amdahl(0.95, 20) == pytest.approx(10.256, abs=1e-3)
    assert scaling.amdahl(1, math.inf) == math.inf
    assert scaling.serial_fraction(4, 4) == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaling.amdahl(1.2, 2), "p is 1.2"),
        (lambda: scaling.amdahl(math.nan, 2), "p is nan"),
        (lambda: scaling.amdahl(0.5, 0), "s is 0"),
        (lambda: scaling.serial_fraction(1, 1), "n is 1"),
        (lambda: scaling.serial_fraction(0, 2), "speedup is 0"),
        (lambda: scaling.fit_usl([1, 2], [1, 2]), "four pairs"),
        (lambda: scaling.fit_usl([0, 1, 2, 3], [1, 2, 3, 4]), "loads is 0"),
        (lambda: scaling.fit_usl([1, 2, 3, 4], [1, 0, 3, 4]), "throughputs"),
        (lambda: scaling.fit_usl([2, 2, 2, 2], [1, 4, 9, 16]), None),
        (lambda: ladder.get("none"), "unknown ladder"),
        (lambda: ladder.get("access_log").step("none"), "no step"),
        (lambda: access_steps.costs("none", []), "no step"),
        (lambda: service.source_of(99), "stage is 99"),
    ],
)
def test_bad_arguments_are_named(call: object, words: str | None) -> None:
    assert callable(call)
    if words is None:  # all loads equal: no shape to find, and a base rate all the same
        assert call().at(2) > 0
        return
    with pytest.raises(ValueError, match=words):
        call()


def test_a_law_without_coherence_has_no_peak() -> None:
    loads = [1, 2, 4, 8]
    found = scaling.fit_usl(loads, [100 * n / (1 + 0.1 * (n - 1)) for n in loads])

    assert found.beta == pytest.approx(0, abs=1e-9)
    assert found.alpha == pytest.approx(0.1)
    assert scaling.USL(0.1, 0.0, 1).peak == math.inf
    assert scaling.USL(0.0, 0.01, 1).peak == pytest.approx(10)


def test_every_step_of_each_ladder_gives_the_same_answer() -> None:
    assert ladder.get("access_log").verify(60).addresses > 10
    assert len(ladder.get("service").verify(15)) == 15


def test_a_ladder_measures_gain_prediction_and_verdict() -> None:
    first, *rest = ladder.get("access_log").measure(60, pairs=3)

    assert (first.verdict, first.helps, first.predicted) == ("the start", False, 0.0)
    assert next(rung.step.name for rung in rest) == "bisect_networks"
    assert rest[0].helps
    assert rest[0].predicted > 1.5
    assert all(rung.lo <= rung.step_gain <= rung.hi for rung in rest)
    assert all(rung.verdict in ("helps", "slower", "no effect") for rung in rest)
    assert ladder.get("service").predict(ladder.get("service").steps[1], 6, 1e9) < 1.01


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (1.01, 1.1, "helps"),
        (1.0, 1.1, "no effect"),
        (0.9, 1.0, "no effect"),
        (0.9, 0.99, "slower"),
    ],
)
def test_only_an_interval_clear_of_one_is_an_effect(lo: float, hi: float, verdict: str) -> None:
    step = ladder.get("access_log").steps[1]

    assert ladder.Rung(step, 1.0, (lo + hi) / 2, lo, hi, 2.0).verdict == verdict


def test_a_step_that_changes_the_answer_is_named_with_the_first_difference() -> None:
    wrong = ladder.Step("wrong", "", "", access_log.build, lambda lines: access_log.run(lines[1:]))
    broken = ladder.Ladder("broken", [*ladder.get("access_log").steps[:1], wrong], 20)

    with pytest.raises(OutputChanged, match=r"step 'wrong' changed the output: the answer\["):
        broken.verify(20)
    with pytest.raises(OutputChanged, match="step 'wrong'"):
        broken.measure(20, pairs=1)


@pytest.mark.parametrize(
    ("expected", "found", "words"),
    [
        ({"a": 1}, {"b": 1}, r"\['a'\] is missing"),
        ({"a": 1}, {"a": 1, "b": 2}, "1 keys too many"),
        ([1, 2], [1], "has 1 items, expected 2"),
        ([1, {"a": 2}], [1, {"a": 3}], r"\[1\]\['a'\] is 3, expected 2"),
        (1, 1.0, "is a float, expected a int"),
    ],
)
def test_differences_are_told_with_their_place(expected: object, found: object, words: str) -> None:
    import re

    assert re.search(words, ladder.difference(expected, found))


def test_intervals_come_from_order_statistics() -> None:
    assert ladder.interval([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert ladder.interval([float(n) for n in range(1, 8)]) == (1.0, 7.0)
    low, high = ladder.interval([float(n) for n in range(1, 32)])
    assert 8 < low < 16 < high < 24


def test_the_service_is_rebuilt_from_its_diffs() -> None:
    names = [one.name for one in service.commits()]

    assert len(names) == 9
    assert "lru_cache" not in service.source_of(0)
    assert all(2 <= one.changed_lines <= 25 for one in service.commits())
    for one in service.commits():
        assert one.touches in service.source_of(one.number - 1)
        compile(service.source_of(one.number), one.name, "exec")
    names = [
        Path(service.as_program(stage).module.run.__code__.co_filename).name for stage in range(2)
    ]
    assert names == ["shop.py", "shop_stage_1.py"]


@pytest.mark.parametrize(
    "diff",
    [
        "@@ -1,2 +1,2 @@\n-other\n+new\n",
        "@@ -9,1 +9,1 @@\n-gone\n",
        "@@ -2,1 +2 @@\n b\n@@ -1 +1 @@\n",
    ],
)
def test_a_diff_that_does_not_fit_is_refused(diff: str) -> None:
    with pytest.raises(ValueError, match="the diff"):
        service.patched("a\nb\n", diff)
