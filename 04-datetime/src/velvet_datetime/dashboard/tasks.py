"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from velvet_datetime.contenders import NAMES, load
from velvet_datetime.matrix import cases, judge
from velvet_datetime.truth import only_tzdata


def matrix() -> Iterator[dict[str, Any]]:
    """Run every case through every engine, one event an engine."""
    yield {"type": "plan", "total": len(NAMES)}
    for name in sorted(NAMES, key=lambda name: not name.startswith("zoneinfo")):
        try:
            engine = load(name)
        except ImportError:
            yield {"type": "absent", "name": name}
            continue
        with only_tzdata():
            cells = [judge(engine, case) for case in cases()]
        yield {
            "type": "engine",
            "name": name,
            "cells": [[cell.verdict.value, cell.got] for cell in cells],
        }
