"""Numbers as a progress line shows them: short, and never changing width by much."""

from __future__ import annotations

import math

_UNITS = ("", "k", "M", "G", "T", "P", "E")


def format_interval(seconds: float) -> str:
    """Return a duration as ``mm:ss``, ``h:mm:ss`` or ``2d 03h``; ``--:--`` where it is unknown.

    Args:
        seconds: rounded down, as a clock shows them.

    Raises:
        ValueError: the duration is negative.
    """
    if math.isnan(seconds) or math.isinf(seconds):
        return "--:--"
    if seconds < 0:
        raise ValueError(f"a duration cannot be negative: {seconds!r} s")
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24}d {hours % 24:02}h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def format_count(count: float) -> str:
    """Return a count with three digits and a decimal prefix: ``999``, ``1.00k``, ``12.3M``.

    Raises:
        ValueError: the count is negative or no number.
    """
    if not count >= 0 or math.isinf(count):
        raise ValueError(f"a count must be zero or more, not {count!r}")
    if count < 1000 and float(count).is_integer():
        return str(int(count))
    power = 0
    # Half a unit of the last digit more would round up to the next prefix.
    while count >= 999.5 and power < len(_UNITS) - 1:
        count /= 1000
        power += 1
    digits = 2 if count < 9.995 else 1 if count < 99.95 else 0
    return f"{count:.{digits}f}{_UNITS[power]}"
