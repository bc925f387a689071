"""What the tests of this module share: small programs, a folder for a profiler, stored outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_performance import programs
from velvet_performance.contenders import Watch

# Sizes at which a program takes about a hundredth of a second.
SMALL = {
    "access_log": 40,
    "alloc_churn": 20,
    "async_mix": 2,
    "calls_vs_loop": 20_000,
    "julia": 20,
    "leaky_cache": 400,
    "native_hot": 10,
    "nbody": 200,
    "slow_start": 2,
    "wait_mix": 2,
    "worker_thread": 20_000,
}


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., Watch]:
    """Return a maker of what a profiler is told about a program."""

    def make(program: str = "calls_vs_loop", variant: str = "") -> Watch:
        return Watch(tuple(programs.get(program).functions()), tmp_path, variant, program)

    return make


@pytest.fixture
def small() -> Callable[[str], Any]:
    """Return a maker of the input of a small run."""
    return lambda name: programs.get(name).build(SMALL[name])
