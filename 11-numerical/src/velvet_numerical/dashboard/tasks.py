"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from velvet_numerical import curve, kernels, machine, memory, outofcore, sparse

MB = 1_000_000
LARGEST = 1_000_000
LARGEST_FILE = 400
SAMPLE_S = 0.01
CACHE_SIZES = tuple(1 << power for power in range(14, 28, 2))
Event = dict[str, Any]


def speedups(kernel: str = "dot", n: int = 100_000) -> Iterator[Event]:
    """Measure one kernel at each power of ten up to the reader's size, and at that size."""
    if not 1 <= n <= LARGEST:
        raise ValueError(f"n is {n}: choose 1 to {LARGEST:,}")
    rivals = [one for one in ("pure", "numpy", "numba") if one in kernels.contenders(kernel)]
    limit = min(n, curve.MATMUL_MAX if kernel == "matmul" else LARGEST)
    sizes = sorted({*(size for size in curve.SIZES if size < limit), limit})
    yield {"type": "plan", "total": len(sizes) * len(rivals)}
    first = kernels.prepared(kernel, "numba", 1) if "numba" in rivals else None
    for size in sizes:
        for rival in rivals:
            if first is not None and rival == "numba":
                begun = time.perf_counter()
                first()
                yield {"type": "compile", "ms": (time.perf_counter() - begun) * 1e3}
                first = None
            yield {"type": "row", **asdict(curve.measure(kernel, rival, size, repeats=2))}


def roofline() -> Iterator[Event]:
    """Measure peak and bandwidth, then the caches, then each kernel under the roof."""
    yield {"type": "plan", "total": len(CACHE_SIZES) + len(machine.PLACED) + 1}
    peak = machine.measure_peak(sides=(256, 512))
    roof = machine.Roofline(peak, machine.measure_bandwidth(3 * 8 * machine.BEYOND))
    yield {"type": "roof", "peak": roof.peak, "bandwidth": roof.bandwidth}
    for one in machine.PLACED.values():
        point = machine.place(roof, *one)
        yield {"type": "point", **asdict(point), "fraction": point.fraction_of_bound}
    for size in CACHE_SIZES:
        ((_, bandwidth),) = machine.cache_curve([size], repeats=3)
        yield {"type": "cache", "bytes": size, "gbps": bandwidth}


def _load(path: Path) -> None:
    np.load(path).mean()


def _expression(path: Path) -> None:
    mapped = np.load(path, mmap_mode="r")
    (mapped * mapped).mean()


def _memmap(path: Path) -> None:
    for part in outofcore.memmap_chunks(path):
        part.mean()


def _readinto(path: Path) -> None:
    outofcore.moments(path)


ROADS: dict[str, Callable[[Path], None]] = {
    "readinto": _readinto,
    "memmap, in chunks": _memmap,
    "np.load": _load,
    "memmap, one expression": _expression,
}


def roads(mb: int = 100) -> Iterator[Event]:
    """Read one file by four roads and tell the resident memory every hundredth of a second."""
    if not 1 <= mb <= LARGEST_FILE:
        raise ValueError(f"The file is {mb} MB: choose 1 to {LARGEST_FILE}")
    yield {"type": "plan", "total": len(ROADS)}
    with tempfile.TemporaryDirectory(prefix="velvet-page-") as folder:
        path = Path(folder, "values.npy")
        mapped = np.lib.format.open_memmap(path, "w+", np.float64, (mb * MB // 8,))
        for start in range(0, len(mapped), outofcore.CHUNK):
            mapped[start : start + outofcore.CHUNK] = 0.5
        del mapped
        for done, (road, read) in enumerate(ROADS.items(), start=1):
            before, begun = memory.resident(), time.perf_counter()
            last = 0.0
            with ThreadPoolExecutor(1) as pool:
                reading = pool.submit(read, path)
                while True:
                    over = reading.done()
                    now, at = memory.resident(), time.perf_counter() - begun
                    if over or at - last >= SAMPLE_S:
                        last = at
                        yield {
                            "type": "sample",
                            "road": road,
                            "at": at,
                            "anonymous": max(0, now.anonymous - before.anonymous) / MB,
                            "file": max(0, now.file - before.file) / MB,
                        }
                    if over:
                        break
                    time.sleep(SAMPLE_S / 5)
                reading.result()
            yield {"type": "road", "road": road, "done": done}


def densities(n: int = 500) -> Iterator[Event]:
    """Measure sparse against dense at each density, the sparsest first."""
    if not 10 <= n <= 3000:
        raise ValueError(f"n is {n}: choose 10 to 3000")
    chosen = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    yield {"type": "plan", "total": len(chosen)}
    for density in chosen:
        yield {"type": "crossing", **asdict(sparse.crossover(n, [density])[0])}
