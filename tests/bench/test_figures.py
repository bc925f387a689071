"""Figures are written as a person reads them, and read back within their digits."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.bench.figures import against, bound, gain, measured, number, quantity

SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (math.inf, "inf"),
        (1.0, "1.00"),
        (-2.345, "-2.35"),
        (66.27, "66.3"),
        (999.6, "1,000"),
        (12_345.0, "12,300"),
        (1_234_567.0, "1,230,000"),
        (0.012_34, "0.0123"),
        (1.5e-12, "1.50e-12"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert number(value) == text


@given(st.floats(1e-15, 1e15), st.sampled_from([1, -1]))
def test_a_written_number_is_read_back_within_its_digits(size, sign):
    read = float(number(sign * size).replace(",", ""))

    assert read == pytest.approx(sign * size, rel=0.0051)


@given(st.floats(1e-9, 1e6), st.sampled_from(sorted(SCALES)))
def test_a_written_duration_is_read_back_within_its_digits(seconds, unit):
    figure, written = quantity(seconds / SCALES[unit], unit).split(" ")

    assert float(figure.replace(",", "")) * SCALES[written] == pytest.approx(seconds, rel=0.0051)


@given(st.floats(1e-9, 1e6))
def test_a_duration_is_written_in_its_largest_whole_unit(seconds):
    figure, unit = quantity(seconds, "s").split(" ")

    read = float(figure.replace(",", ""))
    assert read >= 0.999
    assert unit == "s" or read <= 1000


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "ms", "0 s"),
        (1e-4, "ns", "0.000100 ns"),
        (0.0021, "s", "2.10 ms"),
        (1500, "us", "1.50 ms"),
        (9_999, "ops/s", "10,000 ops/s"),
        (12_345, "ops/s", "12.3 kops/s"),
        (2_500_000, "rows/s", "2.50 Mrows/s"),
        (12, "MB", "12.0 MB"),
        (12, "", "12.0"),
        (46, "faults", "46 faults"),
        (13_257, "B", "13,257 B"),
        (1, "cases", "1 case"),
        (1, "bugs", "1 bug"),
        (1, "processes", "1 process"),
        (1, "CPU s", "1 CPU s"),
        (1.5, "cases", "1.50 cases"),
    ],
)
def test_a_quantity_has_a_readable_multiple_of_its_unit(value, unit, text):
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("pair", "better", "unit", "text"),
    [
        ({"ratio": 0.5, "lo": 0.4, "hi": 0.8, "n": 5}, "lower", "s", "2.00x faster [1.25, 2.50]"),
        ({"ratio": 4.0, "lo": 3.0, "hi": 5.0, "n": 5}, "lower", "us", "4.00x slower [3.00, 5.00]"),
        (
            {"ratio": 2.0, "lo": 1.6, "hi": 2.5, "n": 5},
            "higher",
            "op/s",
            "2.00x faster [1.60, 2.50]",
        ),
        (
            {"ratio": 0.1, "lo": 0.05, "hi": 0.2, "n": 5},
            "higher",
            "op/s",
            "10.0x slower [5.00, 20.0]",
        ),
        ({"ratio": 0.5, "lo": 0.4, "hi": 0.8, "n": 5}, "lower", "MB", "2.00x less [1.25, 2.50]"),
        ({"ratio": 2.0}, "higher", "hits", "2.00x more"),
        ({"ratio": 1.02, "lo": 0.98, "hi": 1.06, "n": 5}, "lower", "s", "a tie (within 1.06x)"),
        ({"ratio": 0.99, "lo": 0.8, "hi": 1.0, "n": 5}, "lower", "s", "a tie (within 1.25x)"),
        ({"ratio": 0.5, "lo": 0.0, "hi": 0.8, "n": 5}, "lower", "s", "2.00x faster"),
        ({"ratio": 1.0, "lo": 1.0, "hi": 1.0, "n": 5}, "lower", "B", "the same"),
        ({"ratio": 1.001}, "lower", "s", "the same"),
        ({"ratio": 0.0, "lo": 0.0, "hi": 0.0, "n": 5}, "lower", "B", "none"),
    ],
)
def test_a_gain_says_how_a_contender_stands_to_its_baseline(pair, better, unit, text):
    assert gain(pair, better, unit) == text


@given(st.floats(1e-6, 1e6), st.floats(1, 3), st.sampled_from(["lower", "higher"]))
def test_no_factor_below_one_is_ever_written(ratio, width, better):
    ends = {"lo": ratio / width, "hi": ratio * width, "n": 5}
    part = {"text": "ratio(a/b, x)", "bound": f"<= {ratio:g}", "value": ratio, **ends}

    written = [against(ratio, better, "s"), gain({"ratio": ratio, **ends}, better)]
    written += [measured(part), bound(part)]

    found = [
        float(n) for text in written for n in re.findall(r"\d[\d.e+-]*", text.replace(",", ""))
    ]
    assert found
    assert min(found) >= 0.999


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"text": "ratio(a/b)", "value": 66.27, "lo": 58.1, "hi": 75.0}, "66.3 [58.1, 75.0]"),
        ({"text": "ratio(a/b)", "value": 0.5, "lo": 0.4, "hi": 0.8}, "2.00x less [1.25, 2.50]"),
        (
            {"text": "ratio(a/b)", "value": 0.9, "lo": 0.8, "hi": 1.5},
            "1.11x less [1.25x less, 1.50x]",
        ),
        ({"text": "value(a, share)", "value": 0.5, "lo": None, "hi": None}, "0.500"),
        ({"text": "growth(a over n)", "value": 0.983, "lo": 0.9, "hi": 1.1}, "0.983 [0.900, 1.10]"),
    ],
)
def test_what_a_claim_found_is_written_with_its_interval(part, text):
    assert measured(part) == text


def test_the_bound_of_a_factor_below_one_is_turned_around():
    assert bound({"text": "ratio(a/b)", "bound": "<= 0.5"}) == "at least 2.00x less"
    assert bound({"text": "ratio(a/b)", "bound": ">= 0.5"}) == "at most 2.00x less"
    assert bound({"text": "value(a, share)", "bound": "<= 0.5"}) == "<= 0.5"
