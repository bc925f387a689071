"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from velvet_architecture.comparisons import ladder
from velvet_architecture.lab import crash, evolution, gap, shapes

Event = dict[str, Any]
LOOPS = 4_000


def _best(call: Callable[[], Any], loops: int) -> float:
    """Return the best of five, in nanoseconds a call."""
    times = []
    for _ in range(5):
        begun = time.perf_counter_ns()
        for _ in itertools.repeat(None, loops):
            call()
        times.append((time.perf_counter_ns() - begun) / loops)
    return min(times)


def layers() -> Iterator[Event]:
    """Time each rung in memory, then a commit that does not wait for the disk, and one that does."""
    yield {"type": "plan", "total": len(ladder.RUNGS) + 2}
    for name, make in ladder.RUNGS.items():
        yield {"type": "rung", "name": name, "ns": _best(make(), LOOPS)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for mode, loops in (("normal", 400), ("full", 12)):
            db = sqlite3.connect(Path(folder) / f"{mode}.db", isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {mode}")
            db.execute("CREATE TABLE stock (qty INT)")
            db.execute("INSERT INTO stock VALUES (1000000)")
            ns = _best(partial(db.execute, "UPDATE stock SET qty = qty - 1"), loops)
            db.close()
            yield {"type": "rung", "name": f"commit_{mode}", "ns": ns}


def race(writers: int = 8, think_ms: int = 1) -> Iterator[Event]:
    """Race three shops, then play the gap under four strategies."""
    if not 1 <= writers <= 16 or not 0 <= think_ms <= 10:
        raise ValueError(
            f"writers is {writers}, think time {think_ms}: choose 1 to 16 and 0 to 10 ms"
        )
    yield {"type": "plan", "total": len(shapes.SHAPES) + 2 * len(gap.STRATEGIES)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in shapes.SHAPES:
            told = shapes.race(name, Path(folder), writers=writers, think_s=think_ms / 1e3)
            yield {"type": "race", "name": name} | told
    for name, rollbacks in itertools.product(gap.STRATEGIES, (0.0, 0.05)):
        played = [gap.play(name, writers=writers, rollbacks=rollbacks, seed=n) for n in range(5)]
        yield {
            "type": "gap",
            "name": name,
            "rollbacks": rollbacks,
            "events": sum(one.events for one in played),
            "missed": sum(one.missed for one in played),
        }


def crashes(rounds: int = 3) -> Iterator[Event]:
    """Kill appenders, tear logs, and kill a shop that tells a receiver."""
    if not 1 <= rounds <= 30:
        raise ValueError(f"rounds is {rounds}: choose 1 to 30")
    yield {"type": "plan", "total": rounds + 1 + len(crash.MODES)}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        for number in range(rounds):
            (here / str(number)).mkdir()
            left = crash.kill_after(here / str(number), 5 + number * 11)
            yield {"type": "kill", "number": number + 1} | asdict(left)
        torn = crash.tear(here, places=24)
        places = [[one.offset, one.events, one.prefix] for one in torn]
        yield {"type": "torn", "places": sorted(places)}
        for mode in crash.MODES:
            (here / mode).mkdir()
            told = crash.deliver(here / mode, mode, rounds=rounds, total=rounds * 8)
            yield {"type": "delivered", "mode": mode} | asdict(told)


def changes() -> Iterator[Event]:
    """Count what each change costs each architecture."""
    yield {"type": "plan", "total": 8 * len(evolution.ARCHITECTURES)}
    for step, name in itertools.product(range(1, 9), evolution.ARCHITECTURES):
        one = evolution.cost(name, step)
        before, after = evolution.files_at(name, step - 1), evolution.files_at(name, step)
        touched = [file for file in after if after[file] != before.get(file)]
        yield {"type": "change", "architecture": name, "files": touched} | asdict(one)
