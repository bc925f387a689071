"""What the explorer shows, as plain data: no page, no figure and no benchmark harness in here.

A dashboard that computes what it draws cannot be tested without a browser. These functions turn
the lines of a child process, stored results and simulations into lists and numbers; the page
beside them only hands those to figures.
"""

from __future__ import annotations

from velvet_concurrency.explorer.cells import Grid, busiest, in_cell, utilisation_grid
from velvet_concurrency.explorer.lab import (
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
from velvet_concurrency.explorer.lanes import between, drawable, flights, shares, turn_taking
from velvet_concurrency.explorer.live import Progress, follow
from velvet_concurrency.explorer.memory import (
    Connections,
    Growth,
    Probe,
    Snapshot,
    read_probe,
    series,
)
from velvet_concurrency.explorer.runs import Parameters, Reading, Run, read_recording, read_run
from velvet_concurrency.workload import MODELS

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
