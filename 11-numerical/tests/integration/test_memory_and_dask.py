"""Peaks of real processes, and the real schedulers of Dask and formats of zarr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from velvet_numerical import outofcore as oc

MB = 1_000_000
COUNTED = sys.platform in ("linux", "win32")
uncounted = pytest.mark.skipif(
    not COUNTED, reason="macOS counts no anonymous pages apart; run this on Linux or Windows"
)

CHILD = """
import json, sys
import numpy as np
from velvet_numerical import memory, outofcore
way, path = sys.argv[1:]
if way in ("from_array", "map_blocks"):
    import dask, dask.array as da  # before the watch, so that its import is not counted
    dask.config.set(scheduler="synchronous")  # one block at a time, whatever the cores
def load(): return np.load(path).var()
def readinto(): return outofcore.moments(path).var
def memmap():
    for part in outofcore.memmap_chunks(path):
        part.sum(); watch.sample()
def sort(): return outofcore.external_sort(path, path + ".sorted", budget=8_000_000)
def map_blocks(): return outofcore.dask_moments(path, 1 << 18).var
def from_array(): return da.from_array(np.load(path, mmap_mode="r"), chunks=1 << 20).var().compute()
with memory.budget() as watch:
    locals()[way]()
print(json.dumps([watch.anonymous, watch.file]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Files of 25 and 100 MB, written once."""
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for megabytes in (25, 100):
        found[megabytes] = folder / f"{megabytes}.npy"
        np.save(found[megabytes], np.random.default_rng(1).random(megabytes * MB // 8))
    return found


def peak(way: str, path: Path) -> tuple[int, int]:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, way, str(path)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    anonymous, file = json.loads(ended.stdout)
    return anonymous, file


@uncounted
def test_a_reused_buffer_stays_flat_while_loading_grows(files: dict[int, Path]) -> None:
    small, large = (peak("readinto", files[size])[0] for size in (25, 100))
    loaded = peak("load", files[100])[0]

    assert abs(large - small) <= 20 * MB
    assert loaded >= 100 * MB


@uncounted
def test_a_sort_on_disk_keeps_its_budget(files: dict[int, Path]) -> None:
    anonymous, _ = peak("sort", files[25])

    assert anonymous <= 12 * MB


@uncounted
def test_dask_copies_a_memmap_into_its_graph(files: dict[int, Path]) -> None:
    copied = peak("from_array", files[100])[0]
    read = peak("map_blocks", files[100])[0]

    assert copied >= 90 * MB
    assert read <= copied / 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts file pages apart")
def test_a_mapped_file_is_borrowed_memory(files: dict[int, Path]) -> None:
    anonymous, file = peak("memmap", files[100])

    assert anonymous <= 20 * MB
    assert file >= 80 * MB


@pytest.mark.leaves("Dask keeps its pool of threads for the next computation")
def test_every_road_gives_the_same_moments(files: dict[int, Path], tmp_path: Path) -> None:
    path = files[25]
    whole = np.load(path)
    expected = (whole.mean(), whole.var(), whole.min(), whole.max())
    oc.write_zarr(tmp_path / "values.zarr", path)

    roads = [oc.moments(path), oc.dask_moments(path), oc.zarr_moments(tmp_path / "values.zarr")]

    for found in roads:
        np.testing.assert_allclose(
            (found.mean, found.var, found.least, found.most), expected, rtol=1e-12
        )


@pytest.mark.leaves("zarr keeps the threads of its event loop")
@pytest.mark.parametrize("version", [2, 3])
def test_zarr_formats_round_trip(npy: Callable[..., Path], tmp_path: Path, version: int) -> None:
    import zarr

    if version == 3 and int(zarr.__version__.split(".")[0]) < 3:
        pytest.skip("zarr 2 writes format 2 only: pip install 'zarr>=3' needs Python 3.11")
    path, store = npy(np.arange(1000.0)), tmp_path / "store"

    array = oc.write_zarr(store, path, chunk=300, version=version)

    assert (array[:] == np.arange(1000.0)).all()
    assert (store / ("zarr.json" if version == 3 else ".zarray")).exists()
    assert oc.zarr_moments(store).n == 1000


CLUSTER = """
import sys
from dask.distributed import Client, LocalCluster
from velvet_numerical.outofcore import dask_moments
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False,
                      dashboard_address=None) as cluster, Client(cluster):
        print(dask_moments(sys.argv[1]).n)
"""


def test_a_cluster_of_one_worker_reads_the_file_itself(
    files: dict[int, Path], tmp_path: Path
) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER, encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, str(script), str(files[25])],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert ended.stdout.strip() == str(25 * MB // 8), ended.stderr


def test_numba_compiles_where_its_cache_cannot_be_written(tmp_path: Path) -> None:
    program = (
        "from velvet_numerical import kernels\nprint(kernels.prepared('dot', 'numba', 8)() > 0)"
    )
    nowhere = tmp_path / "file"
    nowhere.write_text("", encoding="utf-8")

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMBA_CACHE_DIR": str(nowhere / "cache")},
    )

    assert ended.stdout.strip() == "True", ended.stderr
