"""How a figure is written: units, factors, intervals and ties, the same in every view.

A factor below one is never written, because "0.066x the time" has to be turned around by each
reader: it is "15x faster". Where an interval holds 1.0 no winner is named: it is a tie.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_BOUND = re.compile(r"^(>=|<=|=) (\S+)$")
_FACTORS = ("ratio(", "speedup(", "across(", "geometric mean of ")


def number(value: float) -> str:
    """Write a figure with three significant digits and thousands separators."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= 2:
        return f"{round(value, 2 - magnitude):,.0f}"
    if magnitude < -7:
        return f"{value:.2e}"
    return f"{value:.{2 - magnitude}f}"


def quantity(value: float, unit: str) -> str:
    """Write a figure with its unit, choosing a readable multiple of seconds or operations."""
    if unit in SCALES:
        seconds = value * SCALES[unit]
        fitting = [name for name, scale in SCALES.items() if abs(seconds) >= scale]
        name = fitting[0] if fitting else "ns" if seconds else "s"
        return f"{number(seconds / SCALES[name]) if seconds else 0} {name}"
    if unit.endswith("/s") and abs(value) >= 1e6:
        return f"{number(value / 1e6)} M{unit}"
    if unit.endswith("/s") and abs(value) >= 1e4:
        return f"{number(value / 1e3)} k{unit}"
    counted = unit and unit not in ("MB", "%") and not unit.endswith("/s")
    if counted and float(value).is_integer():
        one = value == 1 and re.fullmatch(r"[a-z]{2,}[^s]s", unit)
        ending = 2 if re.search(r"(ss|sh|ch|x)es$", unit) else 1
        return f"{value:,.0f} {unit[:-ending] if one else unit}"  # a count is exact
    return f"{number(value)} {unit}".strip()


def against(
    ratio: float, better: str, unit: str, lo: float | None = None, hi: float | None = None
) -> str:
    """Write one figure over another: ``66.3x faster [58.1, 75.0]``, ``2.10x more``, ``a tie``.

    The ratio and its interval are in the metric's own unit, of which `better` is ``lower`` or
    ``higher``.
    """
    if ratio <= 0:
        return "none" if ratio == 0 else number(ratio)
    above, below, ends = "more", "less", None
    if lo is not None and hi is not None and 0 < lo <= hi < math.inf:
        ends = (lo, hi)
    if unit in SCALES or unit.endswith("/s"):
        above, below = ("slower", "faster") if better == "lower" else ("faster", "slower")
    if ends and ends[0] <= 1 <= ends[1] and (ends[0] < 1 or ends[1] > 1):
        return f"a tie (within {number(max(ends[1], 1 / ends[0]))}x)"
    if ratio < 1:
        ratio, above = 1 / ratio, below
        ends = ends and (1 / ends[1], 1 / ends[0])
    if number(ratio) == "1.00":
        return "the same"
    return f"{number(ratio)}x {above}{_bracket(ends)}"


def gain(pair: Mapping[str, Any], better: str, unit: str = "s") -> str:
    """Write a stored pair, a contender against its baseline; see `against`."""
    ends = (pair.get("lo"), pair.get("hi")) if pair.get("n", 1) > 1 else ()
    return against(pair["ratio"], better, unit, *ends)


def factor(value: float) -> str:
    """Write a bare factor: ``8.00x``, or ``15.0x less`` for one below 1."""
    return f"{number(1 / value)}x less" if 0 < value < 1 else f"{number(value)}x"


def measured(part: Mapping[str, Any]) -> str:
    """Write what a claim's part found, with its interval: ``66.3 [58.1, 75.0]``."""
    if "value" not in part:
        return "not measured"
    value, lo, hi = part["value"], part.get("lo"), part.get("hi")
    ends = None if lo is None or hi is None else (lo, hi)
    if part["text"].startswith(_FACTORS) and 0 < min((value, *(ends or ()))) < 1:
        if ends and ends[1] >= 1:
            return f"{factor(value)} [{factor(ends[0])}, {factor(ends[1])}]"
        ends = ends and (1 / ends[1], 1 / ends[0])
        return f"{factor(value)}{_bracket(ends)}"
    return f"{number(value)}{_bracket(ends)}"


def _bracket(ends: tuple[float, float] | None) -> str:
    return f" [{number(ends[0])}, {number(ends[1])}]" if ends else ""


def bound(part: Mapping[str, Any]) -> str:
    """Write a claim's bound: ``>= 8``; that of a factor below 1 as ``at least 1.43x less``."""
    found = _BOUND.match(part["bound"])
    if found is None or not part["text"].startswith(_FACTORS) or not 0 < float(found[2]) < 1:
        return str(part["bound"])
    words = {">=": "at most ", "<=": "at least ", "=": ""}
    return f"{words[found[1]]}{factor(float(found[2]))}"
