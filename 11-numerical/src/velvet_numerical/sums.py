"""Sums that can be believed: the same numbers, five ways, each with its error bound.

u is the unit roundoff, 2**-53. Bounds are for n values with S = sum(abs(x)), from Higham, Accuracy
and Stability of Numerical Algorithms, chapter 4. The loops are written once: as Python over
floats, and compiled by Numba where speed matters (`twin`). A NaN makes each of them NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import ShapeMismatch, real

LEVELS = 64  # more elements than 2**64 fit nowhere
SPLIT = 2.0**27 + 1.0  # Dekker: halves a double into two factors whose products are exact


def _naive(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def _pairwise(values: Sequence[float]) -> float:
    # A binary counter: partial[k] holds the sum of 2**k values, as a carry would.
    partial = [0.0] * LEVELS
    count = 0
    for value in values:
        total, level, rest = value, 0, count
        while rest & 1:
            total = partial[level] + total
            level += 1
            rest >>= 1
        partial[level] = total
        count += 1
    total, level = 0.0, 0
    while count:
        if count & 1:
            total = partial[level] + total
        level += 1
        count >>= 1
    return total


def _kahan(values: Sequence[float]) -> float:
    total, lost = 0.0, 0.0
    for value in values:
        corrected = value - lost
        bigger = total + corrected
        lost = (bigger - total) - corrected
        total = bigger
    return total


def _neumaier(values: Sequence[float]) -> float:
    total, lost = 0.0, 0.0
    for value in values:
        bigger = total + value
        if abs(total) >= abs(value):
            lost += (total - bigger) + value
        else:
            lost += (value - bigger) + total
        total = bigger
    return total + lost


def _dot2(x: Sequence[float], y: Sequence[float]) -> float:
    total, lost = 0.0, 0.0
    for i in range(len(x)):
        p, q = x[i], y[i]
        product = p * q
        ph = SPLIT * p - (SPLIT * p - p)
        qh = SPLIT * q - (SPLIT * q - q)
        pl, ql = p - ph, q - qh
        missing = ((ph * qh - product) + ph * ql + pl * qh) + pl * ql
        bigger = total + product
        part = bigger - total
        lost += ((total - (bigger - part)) + (product - part)) + missing
        total = bigger
    return total + lost


LOOPS: dict[str, Callable[..., float]] = {
    "naive": _naive,
    "pairwise": _pairwise,
    "kahan": _kahan,
    "neumaier": _neumaier,
    "dot2": _dot2,
}


@cache
def twin(name: str) -> Callable[..., float]:
    """Return one of `LOOPS` compiled by Numba, for float64 arrays.

    Raises:
        KeyError: the name is not in `LOOPS`.
        ImportError: Numba is not installed.
    """
    if name not in LOOPS:
        raise KeyError(f"unknown sum {name!r}: choose one of {', '.join(LOOPS)}")
    from numba import njit

    return njit(nogil=True)(LOOPS[name])  # type: ignore[no-any-return,unused-ignore]


def _floats(values: Any) -> list[float]:
    found: list[float] = real(values).ravel().tolist()
    return found


def _or_ieee(total: float, values: Sequence[float]) -> float:
    """Return the plain sum where a correction met infinity: inf - inf is not what was asked."""
    return total if math.isfinite(total) else _naive(values)


def sum_naive(values: Any) -> float:
    """Return the sum by a loop: abs(error) <= (n - 1) u S."""
    return _naive(_floats(values))


def sum_pairwise(values: Any) -> float:
    """Return the sum by halves: abs(error) <= ceil(log2 n) u S, with no more additions."""
    return _pairwise(_floats(values))


def sum_kahan(values: Any) -> float:
    """Return the sum with the lost part carried along: abs(error) <= 2 u S + O(n u^2) S."""
    given = _floats(values)
    return _or_ieee(_kahan(given), given)


def sum_neumaier(values: Any) -> float:
    """Return the sum with the lost parts added at the end: abs(error) <= u |s| + n^2 u^2 S.

    It also survives a value larger than the sum so far, which Kahan's way does not.

    >>> sum_kahan([1.0, 1e100, 1.0, -1e100]), sum_neumaier([1.0, 1e100, 1.0, -1e100])
    (0.0, 2.0)
    """
    given = _floats(values)
    return _or_ieee(_neumaier(given), given)


def sum_exact(values: Any) -> float:
    """Return the correctly rounded sum: abs(error) <= u |s|, and no order of values changes it.

    Infinities of both signs give NaN. A sum beyond the largest double gives infinity.
    """
    given = _floats(values)
    try:
        return math.fsum(given)
    except ValueError:  # inf - inf
        return math.nan
    except OverflowError:  # in between, or at the end
        total = sum(map(Fraction, given), Fraction(0))
        try:
            return float(total)
        except OverflowError:
            return math.inf if total > 0 else -math.inf


def dot2(x: Any, y: Any) -> float:
    """Return the scalar product as if computed in twice the precision, then rounded.

    Ogita, Rump, Oishi 2005: abs(error) <= u |x.y| + n^2 u^2 |x|.|y|. Values beyond 1e300 overflow
    in the splitting; the plain product is returned then.

    Raises:
        ShapeMismatch: the lengths differ.
    """
    first, second = _floats(x), _floats(y)
    if len(first) != len(second):
        raise ShapeMismatch(-1, (len(first), len(second)))
    total = _dot2(first, second)
    if math.isfinite(total):
        return total
    return _naive([p * q for p, q in zip(first, second, strict=True)])


SUMS: dict[str, Callable[[Any], float]] = {
    "naive": sum_naive,
    "pairwise": sum_pairwise,
    "kahan": sum_kahan,
    "neumaier": sum_neumaier,
    "fsum": sum_exact,
}


def ulp_error(found: float, exact: Any) -> float:
    """Return the distance from the exact value in units of its last place; infinite beside one NaN.

    Args:
        exact: a Fraction, an mpmath number, or a float.

    >>> ulp_error(1.0, Fraction(1))
    0.0
    """
    nearest = float(exact)
    if not (math.isfinite(found) and math.isfinite(nearest)):
        same = found == nearest or (math.isnan(found) and math.isnan(nearest))
        return 0.0 if same else math.inf
    unit = math.ulp(nearest)
    return float(abs(type(exact)(found) - exact) / type(exact)(unit))


def spread_values(n: int, decades: int = 16, seed: int = 11) -> NDArray[np.float64]:
    """Return `n` values over many decades that nearly cancel in pairs, as credits and debits do."""
    rng = np.random.default_rng(seed)
    paid = 10.0 ** rng.uniform(-0.5 * decades, 0.5 * decades, n - n // 2)
    debits = paid[: n // 2] * (1.0 + 1e-4 * rng.random(n // 2))
    return np.asarray(rng.permutation(np.concatenate([paid, -debits])))
