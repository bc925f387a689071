"""The kit of `money_split`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit


def _exercise(m: Any, x: Any) -> Any:
    total, weights = x
    return m.split(total, weights), m.format_cents(total)


def _check(m: Any, x: Any) -> None:
    total, weights = x
    parts = m.split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
    assert m.parse(m.format_cents(total)) == total


def _oracle(x: Any) -> Any:
    total, weights = x
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [share.numerator // share.denominator for share in exact]
    while sum(parts) < total:
        missing = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[missing.index(max(missing))] += 1
    euros, cents = divmod(abs(total), 100)
    return parts, f"{'-' if total < 0 else ''}{euros}.{cents:02}"


def _relate(m: Any, x: Any) -> None:
    total, weights = x
    parts = m.split(total, weights)
    assert m.split(total, [7 * weight for weight in weights]) == parts
    assert m.split(total, [*weights, 0]) == [*parts, 0]
    more = [part + weight for part, weight in zip(parts, weights, strict=True)]
    assert m.split(total + sum(weights), weights) == more


def _text(m: Any, x: Any) -> None:
    assert m.format_cents(m.parse(x)).lstrip("-0") == x.lstrip("-0")


_weights = st.lists(st.integers(0, 1000), min_size=1, max_size=6).filter(any)
KIT = Kit(
    happy=(
        "split(100, [1, 1]) == [50, 50]",
        'parse("12.34") == 1234',
        'format_cents(1234) == "12.34"',
    ),
    edges=(
        "split(0, [1]) == [0]",
        "split(1, [1, 1]) == [1, 0]",
        "split(100, [1, 1, 1]) == [34, 33, 33]",
        "split(5, [1, 2]) == [2, 3]",
        "raises(ValueError, split, 1, [])",
        "raises(ValueError, split, 1, [0, 0])",
        "raises(ValueError, split, 1, [2, -1])",
        'parse("0.00") == 0',
        'parse("-1.00") == -100',
        'raises(ValueError, parse, "1.5")',
        'format_cents(0) == "0.00"',
        'format_cents(99) == "0.99"',
        'format_cents(-1) == "-0.01"',
    ),
    snapshot=("split(1000, [3, 5, 9])", 'parse("19.99")', "format_cents(123456)"),
    seeds=("0.00", "12.34", "-5.10"),
    target=lambda m, x: m.parse(x),
    invariant=_text,
    inputs=st.tuples(st.integers(), _weights),
    exercise=_exercise,
    check=_check,
    oracle=_oracle,
    relate=_relate,
)
