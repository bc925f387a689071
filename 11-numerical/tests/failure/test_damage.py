"""Files that lie, shrink or break off, and a sort that is killed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_numerical import outofcore as oc

Write = Callable[..., Path]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def no_magic(path: Path) -> None:
    path.write_bytes(b"PK" + path.read_bytes()[2:])


def odd_version(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6] + b"\x09\x00" + path.read_bytes()[8:])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def pickled(path: Path) -> None:
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def dates(path: Path) -> None:
    np.save(path, np.array(["2026-01-01"], "M8[D]"))


def raw_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps([1.0]))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut, "truncated"),
        (no_magic, "magic"),
        (odd_version, r"version \(9, 0\)"),
        (empty, "EOF|magic|length"),
        (pickled, "pickled objects"),
        (dates, "not numbers"),
        (raw_pickle, "magic"),
    ],
)
@pytest.mark.parametrize(
    "read", [oc.moments, oc.dask_moments, lambda path: list(oc.memmap_chunks(path))]
)
def test_a_damaged_file_is_refused_before_it_is_read(
    npy: Write, damage: Any, told: str, read: Any
) -> None:
    path = npy()
    damage(path)

    with pytest.raises(ValueError, match=told):
        read(path)


def test_a_file_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        oc.moments(tmp_path / "nothing.npy")


@pytest.mark.parametrize("chunk", [0, -1, 1.5, True])
def test_a_chunk_of_nothing_is_refused(npy: Write, chunk: Any) -> None:
    for read in (oc.ChunkReader, lambda path, c: list(oc.memmap_chunks(path, c)), oc.dask_moments):
        with pytest.raises(ValueError, match="chunk must be an integer of at least 1"):
            read(npy(), chunk)


def test_a_file_that_shrinks_under_a_reader_is_an_error_it_can_catch(npy: Write) -> None:
    path = npy()
    reader = iter(oc.ChunkReader(path, 1000))
    next(reader)

    with path.open("r+b") as file:
        file.truncate(5000)

    with pytest.raises(ValueError, match="changed while it was read"):
        list(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="SIGBUS is how Linux answers; run it there")
def test_a_file_that_shrinks_under_a_map_kills_the_process(npy: Write) -> None:
    program = (
        "import sys, os; from velvet_numerical.outofcore import memmap_chunks\n"
        "parts = memmap_chunks(sys.argv[1], 50_000); first = next(parts)\n"
        "os.truncate(sys.argv[1], 100)\n"
        "print(first.sum())"
    )
    path = npy(np.ones(100_000))

    ended = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=False, capture_output=True, timeout=60
    )

    assert ended.returncode == -7  # SIGBUS


def test_a_sort_that_fails_half_way_removes_its_runs(
    npy: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sorted"
    folder.mkdir()
    seen = []

    def broken(*streams: Any, key: Any) -> Any:
        seen.extend(folder.rglob("run*.npy"))
        yield from (1.0, 2.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(oc.heapq, "merge", broken)
    with pytest.raises(KeyboardInterrupt):
        oc.external_sort(npy(), folder / "out.npy", budget=20_000)

    assert len(seen) >= 4
    assert list(folder.iterdir()) == []
