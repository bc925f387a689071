"""The statistics against figures known from elsewhere, and against their own laws."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.bench.stats import (
    Estimate,
    growth_rate,
    log_ratios,
    mean_interval,
    median_interval,
    paired_ratio,
    quantile,
    round_ratio,
    rounded,
    severe_outliers,
    student_t,
)

positive = st.floats(1e-6, 1e6)
samples = st.lists(positive, min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("degrees", "expected"), [(1, 12.706), (4, 2.776), (30, 2.042), (31, 1.96)]
)
def test_students_t_has_the_values_of_the_printed_table(degrees, expected):
    assert student_t(degrees) == expected


def test_no_degree_of_freedom_means_no_bound():
    assert student_t(0) == math.inf


def test_students_t_falls_towards_the_normal_quantile():
    table = [student_t(degrees) for degrees in range(1, 40)]

    assert table == sorted(table, reverse=True)


def test_the_mean_interval_of_a_textbook_sample():
    found = mean_interval([9.0, 10.0, 11.0, 10.0])

    half = 3.182 * math.sqrt(2 / 3) / 2
    assert (found.value, found.n) == (10.0, 4)
    assert found.lo == pytest.approx(10 - half)
    assert found.hi == pytest.approx(10 + half)


def test_one_process_gives_an_interval_that_decides_nothing():
    assert mean_interval([3.0]) == Estimate(3.0, -math.inf, math.inf, 1)


@given(samples)
def test_the_mean_interval_encloses_the_mean(values):
    found = mean_interval(values)

    assert found.lo <= found.value <= found.hi


@pytest.mark.parametrize(
    ("n", "lowest", "highest"), [(3, 0, 2), (5, 0, 4), (6, 0, 5), (9, 1, 7), (20, 5, 14)]
)
def test_the_median_interval_takes_the_order_statistics_of_the_sign_test(n, lowest, highest):
    found = median_interval([float(k) for k in range(n)])

    assert (found.lo, found.hi) == (lowest, highest)


@given(samples.filter(lambda values: len(values) > 1))
def test_the_median_interval_encloses_the_median(values):
    found = median_interval(values)

    assert found.lo <= found.value <= found.hi
    assert found.value == statistics.median(values)


def test_one_round_is_a_figure_without_an_interval():
    assert median_interval([3.0]) == Estimate(3.0)


def test_the_median_interval_covers_the_true_median_at_least_as_often_as_it_says():
    rng = random.Random(11)

    hits = 0
    for _ in range(1000):
        found = median_interval([rng.lognormvariate(0.0, 1.0) for _ in range(9)])
        hits += found.lo <= 1.0 <= found.hi

    assert 0.945 <= hits / 1000 <= 0.98


@given(samples)
def test_a_sample_over_itself_is_one(values):
    found = paired_ratio([values, values], [values, values])

    assert found.value == pytest.approx(1.0)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=20), st.floats(0.01, 100))
def test_a_ratio_scales_with_its_numerator(pairs, factor):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]

    plain = paired_ratio([a, a], [b, b])
    scaled = paired_ratio([[factor * x for x in a]] * 2, [b, b])

    assert scaled.value == pytest.approx(factor * plain.value, rel=1e-6)


@given(st.lists(st.lists(st.tuples(positive, positive), min_size=5, max_size=5), min_size=2))
def test_swapping_the_contenders_inverts_the_ratio_and_its_interval(processes):
    a = [[x for x, _ in pairs] for pairs in processes]
    b = [[y for _, y in pairs] for pairs in processes]

    forth, back = mean_of_logs(a, b), mean_of_logs(b, a)

    assert forth.value == pytest.approx(-back.value, abs=1e-6)
    assert forth.lo == pytest.approx(-back.hi, rel=1e-6, abs=1e-6)


def mean_of_logs(a, b):
    return mean_interval([statistics.median(log_ratios(x, y)) for x, y in zip(a, b, strict=True)])


def test_rounds_with_a_gap_are_left_out():
    assert log_ratios([2.0, math.nan, 4.0, 0.0], [1.0, 1.0, 0.0, 1.0]) == [math.log(2.0)]


def test_contenders_that_share_no_round_have_no_ratio():
    assert paired_ratio([[math.nan]], [[1.0]]) is None
    assert round_ratio([math.nan], [1.0]) is None


def test_a_ratio_of_runs_is_the_median_of_its_rounds():
    found = round_ratio([2.0, 4.0, 60.0], [1.0, 2.0, 20.0])

    assert found.value == pytest.approx(2.0)
    assert (found.lo, found.hi) == (pytest.approx(2.0), pytest.approx(3.0))


def test_an_interval_without_ends_keeps_none_when_mapped_back():
    assert Estimate(0.0).exp() == Estimate(1.0)


@given(st.floats(-3, 3), positive)
def test_a_power_law_gives_back_its_exponent(exponent, scale):
    sizes = [10.0, 100.0, 1000.0]

    found = growth_rate(sizes, [scale * size**exponent for size in sizes])

    assert found == pytest.approx(exponent, abs=1e-6)


@given(st.lists(positive, min_size=2, max_size=40))
def test_quantiles_agree_with_the_standard_library(values):
    expected = statistics.quantiles(values, n=10, method="inclusive")

    assert quantile(values, 0.1) == pytest.approx(expected[0])
    assert quantile(values, 0.9) == pytest.approx(expected[8])


@given(samples)
def test_the_extreme_quantiles_are_the_extremes(values):
    assert (quantile(values, 0.0), quantile(values, 1.0)) == (min(values), max(values))


def test_only_samples_beyond_three_interquartile_ranges_are_severe():
    values = [10.0, 11.0, 12.0, 13.0, 14.0]

    assert severe_outliers(values) == 0
    assert severe_outliers([*values, 40.0, -20.0]) == 2


def test_three_samples_are_too_few_for_outliers():
    assert severe_outliers([1.0, 1.0, 1e9]) == 0


@given(st.floats(1e-12, 1e12), st.sampled_from([1, -1]), st.integers(2, 8))
def test_rounding_keeps_the_significant_digits(size, sign, digits):
    number = sign * size

    once = rounded(number, digits)

    assert once == pytest.approx(number, rel=10.0 ** (1 - digits))
    assert rounded(once, digits) == once


@pytest.mark.parametrize("number", [0.0, math.inf, -math.inf])
def test_zero_and_infinities_need_no_rounding(number):
    assert rounded(number) == number
