"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import psutil

from velvet_performance import (
    compiled,
    gctools,
    ladder,
    memory,
    programs,
    service,
    shootout,
    stacks,
)
from velvet_performance.errors import PerformanceError, Unavailable
from velvet_performance.profilers import bare, profilers
from velvet_performance.samples import kernels
from velvet_performance.samples.layouts import LAYOUTS

Event = dict[str, Any]
# The slow to start come last, so that a figure is there early.
ORDER = ("cprofile", "py_spy", "pyinstrument", "monitoring_parts", "line_profiler", "yappi_cpu")


def order() -> list[str]:
    """Return the profilers in the order in which they are tried."""
    rest = [name for name in profilers() if name not in ORDER]
    return [*ORDER, *sorted(rest, key=lambda name: name.startswith("scalene"))]


def shoot(program: str = "calls_vs_loop") -> Iterator[Event]:
    """Score every profiler on a program, the truth first."""
    about = programs.get(program)
    yield {"type": "plan", "total": len(profilers()) + 1}
    true = (
        programs.truth(about).sections
        if about.measure == "bytes"
        else bare(program, max(2, about.size // 2), sections=True).inflated
    )
    witness = shootout.WITNESS.get(program, about.hot)
    yield {"type": "truth", "parts": true, "witness": witness, "hot": about.hot}
    for name in order():
        profiler = profilers()[name]
        found = shootout.score(profiler, program, truth=true, fraction=0.4)
        yield {"type": "score", "kind": profiler.kind, "scale": profiler.contender.SCALE} | asdict(
            found
        )


def flame(profiler: str = "cprofile", stage: int = 0) -> Iterator[Event]:
    """Profile the first day of the service, then the chosen stage, and tell both as stacks."""
    if not 0 <= stage <= len(service.commits()):
        raise ValueError(f"stage is {stage}: choose 0 to {len(service.commits())}")
    yield {"type": "plan", "total": 2}
    tool = profilers()[profiler]
    for number in dict.fromkeys((0, stage)):
        try:
            outcome = tool.run("service", 60, step=number)
        except Unavailable as reason:
            raise ValueError(f"{profiler}: {reason}") from None
        assert outcome.profile is not None
        assert outcome.profile.stacks is not None
        named = outcome.profile.stacks.renamed(stacks.name_of)
        yield {
            "type": "profile",
            "stage": number,
            "cpu_ms": outcome.cpu_s * 1e3,
            "unit": outcome.profile.unit,
            "lines": [[list(path), weight] for path, weight in named.items()],
        }


def climb(name: str = "access_log", size: int = 1_000) -> Iterator[Event]:
    """Measure a ladder rung by rung, each against the one below."""
    steps = ladder.get(name)
    if not 20 <= size <= 10_000:
        raise ValueError(f"size is {size}: choose 20 to 10,000")
    yield {"type": "plan", "total": len(steps.steps)}
    first = ladder.seconds_of(steps.steps[0], size)
    yield {"type": "rung", "step": steps.steps[0].name, "ms": first * 1e3, "total": 1.0}
    for below, step in zip(steps.steps, steps.steps[1:], strict=False):
        rung = ladder.Ladder(name, (below, step), size).measure(size, pairs=3)[1]
        yield {
            "type": "rung",
            "step": step.name,
            "why": step.why,
            "ms": rung.seconds * 1e3,
            "gain": rung.step_gain,
            "lo": rung.lo,
            "hi": rung.hi,
            "predicted": min(rung.predicted, 1e6),
            "verdict": rung.verdict,
            "total": first / rung.seconds,
        }


def collections(objects: int = 150_000) -> Iterator[Event]:
    """Tell the bytes of each layout, then build dictionaries under three settings of the GC."""
    if not 10_000 <= objects <= 500_000:
        raise ValueError(f"objects is {objects}: choose 10,000 to 500,000")
    yield {"type": "plan", "total": len(LAYOUTS) + 3}
    for name in LAYOUTS:
        yield {"type": "layout", "name": name, "bytes": memory.bytes_per_row(name, 10_000)}
    process = psutil.Process()
    settings = {
        "as it comes": gctools.gc_threshold(gc.get_threshold()[0]),
        "threshold 50,000": gctools.gc_threshold(50_000),
        "paused": gctools.gc_paused(),
    }
    for name, manager in settings.items():
        gc.collect()
        before, kept = process.memory_info().rss, []
        begun, samples = time.perf_counter(), []
        with gctools.GCWatch() as watch, manager:
            for number in range(objects):
                kept.append({"id": number, "tags": [number]})
                if number % (objects // 40) == 0:
                    rss = max(0, process.memory_info().rss - before) / 1e6
                    samples.append([time.perf_counter() - begun, rss])
            spent = time.perf_counter() - begun
        pauses = [[one.at_s, one.ms, one.generation] for one in watch.pauses if one.at_s < spent]
        pauses = sorted(pauses, key=lambda one: -one[1])[:60]
        yield {"type": "build", "name": name, "s": spent, "samples": samples, "pauses": pauses}
        del kept


def compiling() -> Iterator[Event]:
    """Time each kind of the Julia kernel at three sizes."""
    sides = (10, 30, 90)
    ready = [kind for kind in compiled.KINDS if compiled.is_built(kind)]
    yield {"type": "plan", "total": len(ready) * len(sides)}
    for kind in compiled.KINDS:
        if kind not in ready:
            yield {"type": "absent", "kind": kind, "why": "not compiled yet"}
            continue
        try:
            built = compiled.build(kind)
        except PerformanceError as reason:
            yield {"type": "absent", "kind": kind, "why": str(reason)}
            continue
        for side in sides:
            points, times = kernels.plane(side), []
            for _ in range(3):
                begun = time.process_time()
                for _ in range(max(1, 40 // side)):
                    built.julia(points, 300)
                times.append((time.process_time() - begun) / max(1, 40 // side))
            ms = statistics.median(times) * 1e3
            told = {"side": side, "ms": ms, "made_ready_s": built.seconds}
            yield {"type": "time", "kind": kind, **told}
