"""What the explorer shows, as plain data: no page, no figure and no benchmark harness in here.

A dashboard that computes what it draws cannot be tested without a browser. These functions turn
the lines of a child process, stored results and simulations into lists and numbers; the page
beside them only hands those to figures.
"""

from __future__ import annotations

from ..workload import MODELS
from .cells import Grid, busiest, in_cell, utilisation_grid
from .lab import (
    BREAKER_COLOURS,
    LIMITERS,
    PATTERNS,
    Replay,
    breaker_segments,
    breaker_story,
    depth_series,
    overload_results,
    replay_all,
)
from .lanes import between, drawable, flights, shares, turn_taking
from .live import Progress, follow
from .memory import Connections, Growth, Probe, Snapshot, read_probe, series
from .runs import Parameters, Reading, Run, read_recording, read_run

__all__ = [
    "BREAKER_COLOURS",
    "LIMITERS",
    "MODELS",
    "PATTERNS",
    "Connections",
    "Grid",
    "Growth",
    "Parameters",
    "Probe",
    "Progress",
    "Reading",
    "Replay",
    "Run",
    "Snapshot",
    "between",
    "breaker_segments",
    "breaker_story",
    "busiest",
    "depth_series",
    "drawable",
    "flights",
    "follow",
    "in_cell",
    "overload_results",
    "read_probe",
    "read_recording",
    "read_run",
    "replay_all",
    "series",
    "shares",
    "turn_taking",
    "utilisation_grid",
]
