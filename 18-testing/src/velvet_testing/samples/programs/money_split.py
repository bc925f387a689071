"""Split, read and print amounts of cents.

The parts of a split add up to the total; each differs from its exact share by less than one cent;
leftover cents go to the largest fractions, the earlier part first. `parse` reads what
`format_cents` prints. Anything else is a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_AMOUNT = re.compile(r"(-?)(\d+)\.(\d\d)", re.ASCII)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total by integer weights."""
    if not weights or any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError(f"weights {weights!r} are no weights")
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    rest = total - sum(parts)
    for i in order[:rest]:
        parts[i] += 1
    return parts


def parse(text: str) -> int:
    """Read '-12.34' as cents."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no amount")
    sign, whole, cents = found.groups()
    value = int(whole) * 100 + int(cents)
    return -value if sign else value


def format_cents(cents: int) -> str:
    """Print cents as '-12.34'."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
