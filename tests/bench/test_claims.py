"""Conditions against figures that a fake run gives."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.bench.claims import (
    NotMeasured,
    Verdict,
    across,
    geometric_mean,
    growth,
    order,
    ratio,
    speedup,
    value,
)
from velvet.bench.stats import Estimate


class FakeRun:
    """Answers every lookup with the interval it was given, by contender."""

    def __init__(self, **figures: Estimate) -> None:
        self.figures = figures
        self.asked: list[tuple] = []

    def paired(self, bench, a, b, metric, size):
        self.asked.append(("paired", bench, a, b, metric, size))
        return self.figures[a]

    def figure(self, bench, contender, metric, size):
        self.asked.append(("figure", bench, contender, metric, size))
        return self.figures[contender]

    def across(self, bench, contender, metric, first, second):
        self.asked.append(("across", bench, contender, metric, first, second))
        return self.figures[contender]

    def growth(self, bench, contender, metric, over, size):
        self.asked.append(("growth", bench, contender, metric, over, size))
        return self.figures[contender]


def judged(condition, lo, hi, middle=None):
    middle = (lo + hi) / 2 if middle is None else middle
    return condition.judge(FakeRun(a=Estimate(middle, lo, hi, 5))).verdict


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (2.0, 3.0, Verdict.HOLDS),
        (2.1, 3.0, Verdict.HOLDS),
        (1.9, 2.1, Verdict.INCONCLUSIVE),
        (1.0, 1.9, Verdict.FAILS),
    ],
)
def test_a_lower_bound_is_met_by_the_whole_interval_or_not(lo, hi, verdict):
    assert judged(ratio("lookup", "a", "b") >= 2, lo, hi) is verdict


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (1.0, 2.0, Verdict.HOLDS),
        (1.9, 2.1, Verdict.INCONCLUSIVE),
        (2.1, 2.2, Verdict.FAILS),
    ],
)
def test_an_upper_bound_is_met_by_the_whole_interval_or_not(lo, hi, verdict):
    assert judged(ratio("lookup", "a", "b") <= 2, lo, hi) is verdict


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (1.0, 2.0, Verdict.HOLDS),
        (0.5, 1.5, Verdict.INCONCLUSIVE),
        (0.5, 2.5, Verdict.INCONCLUSIVE),
        (0.1, 0.9, Verdict.FAILS),
        (2.1, 2.9, Verdict.FAILS),
    ],
)
def test_both_bounds_hold_at_once(lo, hi, verdict):
    assert judged(ratio("lookup", "a", "b").between(1, 2), lo, hi) is verdict


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(-1e6, 1e6))
def test_an_interval_never_meets_a_bound_and_misses_it(low, width, bound):
    at_least = judged(ratio("lookup", "a", "b") >= bound, low, low + width)
    at_most = judged(ratio("lookup", "a", "b") <= bound, low, low + width)

    assert Verdict.FAILS not in (at_least, at_most) or Verdict.HOLDS in (at_least, at_most)


def test_one_process_decides_nothing():
    assert judged(ratio("lookup", "a", "b") >= 2, -math.inf, math.inf, 50.0) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("figure", "verdict"), [(7.0, Verdict.HOLDS), (7.1, Verdict.FAILS)])
def test_a_deterministic_figure_is_judged_by_its_value(figure, verdict):
    run = FakeRun(a=Estimate(figure))

    assert value("size", "a").equals(7).judge(run).verdict is verdict


def test_an_open_verdict_says_why():
    found = (ratio("lookup", "a", "b") >= 2).judge(FakeRun(a=Estimate(2.0, 1.0, 3.0, 5)))

    assert found.reason == "the interval spans the bound"


@pytest.mark.parametrize(
    ("condition", "bound"),
    [
        (ratio("x", "a", "b") >= 25, ">= 25"),
        (ratio("x", "a", "b") <= 0.5, "<= 0.5"),
        (ratio("x", "a", "b").equals(3), "= 3"),
        (ratio("x", "a", "b").between(1, 2.5), "in 1..2.5"),
    ],
)
def test_a_bound_is_written_as_it_is_read(condition, bound):
    assert condition.bound == bound


@pytest.mark.parametrize(
    ("operand", "text"),
    [
        (ratio("ops", "a", "b", n=5), "ratio(a/b, ops, n=5)"),
        (ratio("ops", "a", "b", "p99"), "ratio(a/b, p99)"),
        (speedup("ops", "a", "b", n=5), "speedup(a over b, ops, n=5)"),
        (value("ops", "a", "share"), "value(a, share)"),
        (growth("ops", "a", over="n", k=2), "growth(a, ops over n, k=2)"),
        (
            across("ops", "a", first={"n": 9}, second={"n": 1}),
            "across(a, ops: n=9 / n=1)",
        ),
    ],
)
def test_an_operand_is_readable(operand, text):
    assert operand.text == text


def test_a_geometric_mean_is_that_of_its_ratios():
    mean = geometric_mean(ratio("x", "a", "c"), speedup("y", "b", "c", n=5))

    found = mean.find(FakeRun(a=Estimate(2.0, 1.0, 4.0, 3), c=Estimate(8.0, 8.0, 8.0, 5)))

    assert found.value == pytest.approx(4.0)
    # One part is off by a factor of two, the other by none: the square root of two is left.
    assert (found.lo, found.hi, found.n) == (pytest.approx(8**0.5), pytest.approx(32**0.5), 3)
    assert (mean.benches, mean.contenders) == (("x", "y"), ("a", "c", "b"))
    assert mean.text == "geometric mean of ratio(a/c, x), speedup(b over c, y, n=5)"


def test_a_geometric_mean_of_exact_figures_is_exact():
    mean = geometric_mean(value("x", "a"), value("x", "b"))

    found = mean.find(FakeRun(a=Estimate(2.0), b=Estimate(8.0)))

    assert (found.value, found.lo, found.hi) == pytest.approx((4.0, 4.0, 4.0))


@pytest.mark.parametrize("touching", [Estimate(1.0, 0.0, 2.0, 3), Estimate(0.0)])
def test_a_geometric_mean_needs_parts_that_are_clear_of_zero(touching):
    mean = geometric_mean(value("x", "a"), value("x", "b"))

    with pytest.raises(NotMeasured, match=r"value\(a, x\) is not clear of zero"):
        mean.find(FakeRun(a=touching, b=Estimate(8.0)))


def test_operands_at_two_sizes_are_measured_again_at_every_size():
    apart = speedup("x", "a", "b", n=5) - speedup("x", "a", "b", n=1)
    together = speedup("x", "a", "b", n=5) - speedup("x", "a", "c", n=5, k=2)

    assert (apart.size, apart.over) == ({}, "*")
    assert (together.size, together.over) == ({"n": 5, "k": 2}, "")


def test_a_geometric_mean_of_one_is_refused():
    with pytest.raises(ValueError, match="at least two operands"):
        geometric_mean(value("x", "a"))


@pytest.mark.parametrize(
    ("operand", "asked"),
    [
        (ratio("ops", "a", "b", "p99", n=5), ("paired", "ops", "a", "b", "p99", {"n": 5})),
        (speedup("ops", "a", "b", n=5), ("paired", "ops", "b", "a", "time", {"n": 5})),
        (value("ops", "a", "share"), ("figure", "ops", "a", "share", {})),
        (
            growth("ops", "a", over="n"),
            ("growth", "ops", "a", None, "n", {}),
        ),
        (
            across("ops", "a", first={"n": 9}, second={"n": 1}),
            ("across", "ops", "a", None, {"n": 9}, {"n": 1}),
        ),
    ],
)
def test_an_operand_asks_the_run_for_what_it_names(operand, asked):
    run = FakeRun(a=Estimate(1.0), b=Estimate(1.0))

    operand.find(run)

    assert run.asked == [asked]


def test_joined_conditions_keep_every_part_once():
    first, second, third = (ratio("x", "a", "b") >= bound for bound in (1, 2, 3))

    joined = first & (second & third)

    assert [part.bound for part in joined.parts] == [">= 1", ">= 2", ">= 3"]


def test_joining_with_the_word_and_is_refused():
    with pytest.raises(TypeError, match="join conditions with &"):
        (ratio("x", "a", "b") >= 1) and (ratio("x", "a", "b") <= 2)


def test_an_order_is_one_speedup_a_step():
    steps = order("ops", "a", "b", "c", n=1).parts

    assert [step.operand.text for step in steps] == [
        "speedup(a over b, ops, n=1)",
        "speedup(b over c, ops, n=1)",
    ]


def test_an_order_of_a_metric_compares_the_larger_with_the_smaller():
    (step,) = order("ops", "a", "b", metric="peak_mb").parts

    assert step.operand.text == "ratio(b/a, peak_mb)"


def test_an_order_whose_interval_touches_one_is_open():
    run = FakeRun(b=Estimate(1.02, 0.99, 1.05, 5))

    assert order("ops", "a", "b").judge(run).verdict is Verdict.INCONCLUSIVE


def test_one_contender_makes_no_order():
    with pytest.raises(ValueError, match="at least two contenders"):
        order("ops", "a")


ends = st.tuples(st.floats(-100, 100), st.floats(0, 50), st.floats(0, 1))


@given(ends, ends)
def test_the_interval_of_a_difference_holds_every_difference(first, second):
    a = Estimate(first[0], first[0], first[0] + first[1], 3)
    b = Estimate(second[0], second[0], second[0] + second[1], 4)
    x, y = a.lo + first[1] * first[2], b.lo + second[1] * second[2]

    found = (value("x", "a") - value("x", "b")).find(FakeRun(a=a, b=b))

    assert found.lo - 1e-6 <= x - y <= found.hi + 1e-6
    assert found.n == 3


def test_a_difference_of_exact_figures_is_exact():
    run = FakeRun(a=Estimate(6.0), b=Estimate(3.0))

    found = (value("x", "a") - value("y", "b", n=2)).find(run)

    assert (found.value, found.lo, found.hi) == (3.0, 3.0, 3.0)


def test_a_combination_names_everything_it_looks_at():
    operand = value("x", "a", m=1) - growth("y", "b", over="n", k=2)

    assert operand.text == "(value(a, x, m=1) - growth(b, y over n, k=2))"
    assert (operand.benches, operand.contenders) == (("x", "y"), ("a", "b"))
    assert (operand.size, operand.over) == ({"m": 1, "k": 2}, "n")
