"""Bars around an empty loop, one event a lap."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from velvet_cli.progress.lap import lap

ITEMS = (1000, 2_000_000)
# What a bar that draws at every item can do within a few seconds.
SLOW = {"click": 200_000, "naive": 300_000}


def laps(bars: Sequence[str], places: Sequence[str], items: int) -> Iterator[dict[str, Any]]:
    """Yield what an item costs under each bar, and what arrived at the other end.

    Bars that draw at every item run fewer of them; the event says how many.

    Raises:
        ValueError: there are too few or too many items, or a bar or a place is unknown.
        OSError: a terminal is asked for where there are none.
    """
    low, high = ITEMS
    if not low <= items <= high:
        raise ValueError(f"items must be {low:,} to {high:,}, not {items:,}")
    for place in places:
        for bar in bars:
            most = SLOW.get(bar, items) if place == "pty" or bar == "naive" else items
            found = lap(bar, place, min(items, most), env=os.environ)
            yield {
                "type": "lap",
                "bar": bar,
                "place": place,
                "items": found.items,
                "cpu_ns": round(found.cpu_ns, 1),
                "wall_ns": round(found.wall_ns, 1),
                "written": found.written,
                "shown": found.shown[:200],
            }
