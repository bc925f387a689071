"""Formulas that keep their digits: the textbook form cancels or overflows, these do not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import real

LN2 = math.log(2.0)


def variance_two_pass(values: Any, *, ddof: int = 0) -> float:
    """Return the variance around the mean; relative error about n u, whatever the mean is.

    The one-pass textbook form, mean(x^2) - mean(x)^2, loses all digits when the mean is 1e8 times
    the spread.

    Raises:
        ValueError: there are no more than `ddof` values.
    """
    x = real(values).ravel()
    if x.size <= ddof:
        raise ValueError(f"a variance with ddof={ddof} needs more than {x.size} values")
    from_mean = x - x.mean()
    # The second term is zero in exact arithmetic; it takes away the rounding of the mean.
    return float((from_mean @ from_mean - from_mean.sum() ** 2 / x.size) / (x.size - ddof))


@dataclass
class Welford:
    """Mean and variance of a stream, in one pass and constant memory; two of them merge.

    Welford 1962; the merge is Chan, Golub, LeVeque 1979. Not safe to share between threads: give
    each its own, then merge.

    >>> left, right = Welford(), Welford()
    >>> left.update([1.0, 2.0]); right.update([3.0])
    >>> left.merge(right).mean
    2.0
    """

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, x: float) -> None:
        """Take in one value."""
        value = float(x)
        self.n += 1
        step = value - self.mean
        self.mean += step / self.n
        self.squares += step * (value - self.mean)

    def update(self, values: Any) -> None:
        """Take in an array by merging its own moments, which is what makes a pass fast."""
        x = real(values).ravel()
        if x.size:
            mean = float(x.mean())
            from_mean = x - mean
            merged = self.merge(Welford(x.size, mean, float(from_mean @ from_mean)))
            self.n, self.mean, self.squares = merged.n, merged.mean, merged.squares

    def merge(self, other: Welford) -> Welford:
        """Return the moments of both streams together."""
        n = self.n + other.n
        if not self.n or not other.n:
            one = self if self.n else other
            return Welford(one.n, one.mean, one.squares)
        step = other.mean - self.mean
        mean = self.mean + step * (other.n / n)
        squares = self.squares + other.squares + step * step * (self.n * (other.n / n))
        return Welford(n, mean, squares)

    def var(self, ddof: int = 0) -> float:
        """Return the variance; ValueError with no more than `ddof` values."""
        if self.n <= ddof:
            raise ValueError(f"a variance with ddof={ddof} needs more than {self.n} values")
        return self.squares / (self.n - ddof)


def logsumexp(values: Any) -> float:
    """Return log(sum(exp(x))) without overflow; -inf without values, NaN with a NaN among them.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    x = real(values).ravel()
    top = float(np.max(x, initial=-math.inf))
    if not math.isfinite(top):
        return top
    with np.errstate(over="ignore"):  # -1e308 - 1e308 is -inf, whose exponential is 0 all the same
        return top + math.log(float(np.exp(x - top).sum()))


def softmax(values: Any) -> NDArray[np.float64]:
    """Return exp(x) / sum(exp(x)), finite for any finite x.

    Raises:
        ValueError: there is no finite maximum to compare with.
    """
    x = real(values)
    if not x.size:
        return np.array(x)
    top = float(np.max(x))
    if not math.isfinite(top):
        raise ValueError(f"softmax needs a finite maximum, not {top}")
    with np.errstate(over="ignore"):
        weights = np.exp(x - top)
    return np.asarray(weights / weights.sum())


def log1mexp(x: float) -> float:
    """Return log(1 - exp(-x)) for x >= 0; relative error of a few u (Maechler 2012).

    Below log 2 the subtraction cancels, above it the logarithm does.
    """
    value = float(x)
    if not value >= 0:
        raise ValueError(f"log1mexp needs x >= 0, not {value}")
    if value == 0:
        return -math.inf
    return math.log(-math.expm1(-value)) if value < LN2 else math.log1p(-math.exp(-value))


def hypot_safe(x: float, y: float) -> float:
    """Return sqrt(x*x + y*y); squares that would overflow or vanish are scaled first."""
    first, second = abs(float(x)), abs(float(y))
    if math.isinf(first) or math.isinf(second):
        return math.inf  # whatever the other one is, NaN included, as C's hypot
    big, small = max(first, second), min(first, second)
    if big == 0 or math.isnan(first + second):
        return first + second
    _, exponent = math.frexp(big)
    big, small = math.ldexp(big, -exponent), math.ldexp(small, -exponent)
    root = math.sqrt(big * big + small * small)
    try:
        return math.ldexp(root, exponent)
    except OverflowError:
        return math.inf


def quadratic_roots(a: float, b: float, c: float) -> tuple[complex, ...]:
    """Return the roots of a x^2 + b x + c, the smaller first, as floats when they are real.

    Two cancellations spoil the school formula: -b + sqrt(b^2 - 4ac) for a large b, cured by
    computing the other root first; and the discriminant itself for a near-double root, cured by
    computing it exactly (with fractions; a fused multiply-add does it in hardware).

    Raises:
        ValueError: a and b are zero, or a coefficient is not finite.
    """
    coefficients = tuple(map(float, (a, b, c)))
    if not all(map(math.isfinite, coefficients)):
        raise ValueError(f"coefficients are finite, not {coefficients}")
    exact = [Fraction(value) for value in coefficients]
    if exact[0] == 0:
        if exact[1] == 0:
            raise ValueError("a and b are zero: there is no unknown")
        return (float(-exact[2] / exact[1]),)
    half = exact[1] / 2
    inside = half * half - exact[0] * exact[2]
    root = _sqrt(abs(inside))
    if inside < 0:
        real_part, imaginary = float(-half / exact[0]), float(root / abs(exact[0]))
        return complex(real_part, -imaginary), complex(real_part, imaginary)
    far = -(half + (root if half >= 0 else -root))
    if far == 0:
        return 0.0, 0.0
    first, second = float(far / exact[0]), float(exact[2] / far)
    return (first, second) if first <= second else (second, first)


def _sqrt(value: Fraction) -> Fraction:
    """Return the root to well beyond double precision, for any size of value."""
    if not value:
        return Fraction(0)
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    shift = max(0, 130 - bits)
    shift += shift % 2
    scaled = math.isqrt((value.numerator << shift) // value.denominator)
    return Fraction(scaled, 1 << (shift // 2))
