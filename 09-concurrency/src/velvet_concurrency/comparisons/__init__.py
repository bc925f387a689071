"""What module 09 measures: one file a subject, each with `add_to(suite)`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

LATENCY = 0.1
UVLOOP = ("uvloop", "not windows")
IDLE = ("cores>=2", "calm")


def served(work: Callable[[str], Any], *imports: str) -> Iterator[Callable[[], Any]]:
    """Set up, untimed: imports, then a fresh server of 100 ms a reply; afterwards it is stopped."""
    from velvet_concurrency.samples.latency_server import LatencyServer

    for name in imports:
        importlib.import_module(name)
    with LatencyServer(LATENCY) as server:
        yield partial(work, server.url)
