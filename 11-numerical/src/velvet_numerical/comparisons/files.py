"""Memory of a pass over a file, by seven roads; every sample is a fresh process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from velvet.bench import Outcome, Suite, ratio, value
from velvet_numerical import memory, outofcore

CHUNK = 1 << 18  # elements: 2 MB
MB = 1_000_000
Look = Callable[[], None]  # samples the memory now: what a road holds shortly is missed otherwise


def _load(path: Path, _: Look) -> float:
    return float(np.load(path).var())


def _memmap(path: Path, look: Look) -> float:
    mapped = np.load(path, mmap_mode="r")
    squares = mapped * mapped
    look()
    return float(squares.mean() - mapped.mean() ** 2)


def _memmap_chunks(path: Path, _: Look) -> float:
    from velvet_numerical.stable import Welford

    found = Welford()
    for part in outofcore.memmap_chunks(path, CHUNK):
        found.update(part)
    return found.var()


def _readinto(path: Path, _: Look) -> float:
    return outofcore.moments(path, CHUNK).var


def _from_array(path: Path, _: Look) -> float:
    import dask.array as da

    blocks: Any = da
    mapped = np.load(path, mmap_mode="r")
    return float(blocks.from_array(mapped, chunks=CHUNK).var().compute())


def _map_blocks(path: Path, _: Look) -> float:
    return outofcore.dask_moments(path, CHUNK).var


ROADS: dict[str, Callable[[Path, Look], float]] = {
    "load": _load,
    "memmap_expression": _memmap,
    "memmap_chunks": _memmap_chunks,
    "readinto": _readinto,
    "dask_from_array": _from_array,
    "dask_map_blocks": _map_blocks,
    "zarr": lambda path, _: outofcore.zarr_moments(path).var,
}


def _road(name: str, mb: int) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory(prefix="velvet-files-") as folder:
        path = Path(folder, "values.npy")
        mapped = np.lib.format.open_memmap(path, "w+", np.float64, (mb * MB // 8,))
        rng = np.random.default_rng(1)
        for start in range(0, len(mapped), CHUNK):
            part = mapped[start : start + CHUNK]
            part[...] = rng.random(len(part))
        del mapped, part
        if name.startswith("dask"):
            import dask.array  # noqa: F401 - by set-up, so that its import is not counted
        if name == "zarr":
            source, path = path, Path(folder, "values.zarr")
            outofcore.write_zarr(path, source, chunk=CHUNK)

        def run() -> Outcome:
            with memory.budget() as watch:
                found = ROADS[name](path, watch.sample)
            peaks = {"anon_mb_peak": watch.anonymous / MB, "file_mb_peak": watch.file / MB}
            return Outcome(peaks, result=found)

        yield run


def _is_uniform(found: float) -> bool:
    return abs(found - 1 / 12) < 1e-3


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    out_of_core = suite.comparison(
        "out_of_core",
        title="The variance of a file of mb megabytes; peaks beyond what the process had before",
        kind="run",
        unit="MB",
        sizes={"mb": [50, 200]},
        metrics={"anon_mb_peak": "MB", "file_mb_peak": "MB"},
        rounds={"quick": 1, "default": 2},
        quick=lambda mb: mb == 50,
    )
    for name in ROADS:
        needs = "zarr" if name == "zarr" else "dask" if name.startswith("dask") else ()
        note = "the file, and the temporary of var()" if name == "load" else ""
        out_of_core.add(name, partial(_road, name), needs=needs, note=note, baseline=name == "load")
    out_of_core.check(_is_uniform)

    bench = "out_of_core"
    suite.claim(
        "readinto stays flat within 20 MB when the file grows four times",
        value(bench, "readinto", "anon_mb_peak", mb=200)
        - value(bench, "readinto", "anon_mb_peak", mb=50)
        <= 20,
        needs="linux",
        tier="default",
    )
    suite.claim(
        "`da.from_array` of a memmap copies the file into memory",
        value(bench, "dask_from_array", "anon_mb_peak", mb=200) >= 180,
        needs="linux",
        tier="default",
    )
    suite.claim(
        "an expression over a memmap allocates an array as large as the file",
        value(bench, "memmap_expression", "anon_mb_peak", mb=50) >= 40,
        needs="linux",
    )
    suite.claim(
        "a loader in map_blocks needs less than half of from_array's memory",
        ratio(bench, "dask_from_array", "dask_map_blocks", "anon_mb_peak", mb=200) >= 2,
        needs="linux",
        tier="default",
    )
