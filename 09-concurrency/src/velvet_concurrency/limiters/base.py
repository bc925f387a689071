"""What all limiters share: the answer they give, the surface they have, the arguments they refuse.

A limiter answers one question, "may this call go now?", as a bare bool (`allow`) or with the numbers
that an HTTP response wants (`check`). Both never block and never raise for a refusal: being refused is
an ordinary answer. Wrong arguments are a mistake of the caller, so they raise at once, and the message
names the argument, the rule and the value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, SupportsFloat, SupportsIndex, runtime_checkable

SLACK = 2.0**-30
"""Tokens (about one billionth) by which a bucket is deeper than its capacity.

Float arithmetic turns "exactly one token after 0.1 s at 10/s" into 0.9999999999999998 of one. The slack
absorbs that rounding. It is a power of two, so that adding and subtracting it is exact for every
capacity below 2**22, and it is part of the depth, so it is granted once and never again per call.
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a limiter, with what a client needs to behave well."""

    allowed: bool
    limit: int  # the largest number of tokens that can ever be granted at once
    remaining: int  # tokens that would be granted right after this answer
    retry_after: float
    """Seconds until the same request can succeed if no other caller takes tokens; -1.0 when it was
    allowed, or when waiting can never help."""
    reset_after: float  # seconds until the limiter is as good as new; `inf` when it never will be


@runtime_checkable
class RateLimiter(Protocol):
    """What every limiter for one key can do; both raise `ValueError` unless `tokens` is an int >= 0."""

    def allow(self, tokens: int = 1) -> bool:
        """Take `tokens` if they are there and return whether they were; 0 peeks, always allowed."""
        ...

    def check(self, tokens: int = 1) -> Decision:
        """Do what `allow` does, and report how much is left and how long to wait."""
        ...


class CapacityExceeded(ValueError):
    """The limiter can never hold as many tokens as were asked for, so waiting would never end."""

    def __init__(self, tokens: int, capacity: int) -> None:
        super().__init__(tokens, capacity)
        self.tokens = tokens
        self.capacity = capacity

    def __str__(self) -> str:
        return (
            f"{self.tokens} tokens can never be granted: the capacity is {self.capacity}; "
            "ask for fewer at a time or build the limiter with a larger capacity"
        )


def checked_tokens(tokens: object) -> int:
    """Return `tokens` as a plain int, or raise the `ValueError` that every limiter promises."""
    if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0:
        raise ValueError(f"tokens must be a non-negative int, got {tokens!r}")
    return int(tokens)


def checked_count(name: str, value: object) -> int:
    """Return `value` (5 or 5.0, not True) as an int of at least 1, or raise ValueError."""
    number = _as_float(value)
    if not (number >= 1 and number.is_integer()):
        raise ValueError(f"{name} must be >= 1 and a whole number, got {value!r}")
    return int(number)


def checked_seconds(name: str, value: object) -> float:
    """Return `value` as a finite float above zero, or raise ValueError."""
    seconds = _as_float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"{name} must be finite and > 0 seconds, got {value!r}")
    return seconds


def checked_wait(name: str, value: object) -> float:
    """Return `value` as a float >= 0, infinity meaning "as long as it takes", or raise ValueError."""
    seconds = _as_float(value)
    if not seconds >= 0:
        raise ValueError(f"{name} must be >= 0 seconds, got {value!r}")
    return seconds


def checked_rate(value: object, *, zero_ok: bool = False) -> float:
    """Return `value` (tokens per second) as a finite float, above zero unless `zero_ok`.

    Raises ValueError, also when it is so small that one token would take for ever.
    """
    rate = _as_float(value)
    if not (math.isfinite(rate) and rate >= 0):
        raise ValueError(f"rate must be finite and >= 0, got {value!r}")
    if not zero_ok and (rate == 0 or math.isinf(1.0 / rate)):
        raise ValueError(f"rate must be finite and > 0 here (tokens per second), got {value!r}")
    return rate


def _as_float(value: object) -> float:
    """Return a real number as a float, and NaN, which passes no check, for everything else."""
    if type(value) is bool or not isinstance(value, (SupportsFloat, SupportsIndex)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
