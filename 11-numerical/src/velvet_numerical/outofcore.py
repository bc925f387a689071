"""Files larger than memory: one pass, one reused buffer, and a peak that does not grow.

`np.load` needs the file's size. An expression over a memmap needs as much again, because its
result is an ordinary array. `readinto` a buffer needs the buffer.
"""

from __future__ import annotations

import heapq
import importlib
import math
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import MemoryBudgetExceeded, numeric, positive
from velvet_numerical.memory import MIB
from velvet_numerical.stable import Welford

CHUNK = 1 << 20  # elements: 8 MB of doubles
MERGED = 64  # bytes an element while runs are merged: in two buffers, in a list, as an object


@dataclass(frozen=True)
class Header:
    """What an .npy file says about itself."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


def read_header(path: str | Path) -> Header:
    """Return the header of an .npy file, checked against the file's length.

    Raises:
        ValueError: no .npy file, an object dtype (which would need pickle), or a truncated file.
    """
    with Path(path).open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"unsupported .npy version {version}")
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise ValueError("the file holds pickled objects, which are never loaded here")
        if dtype.kind not in "biufc":
            raise ValueError(f"the file holds {dtype}, not numbers")
        if any(size < 0 for size in shape):
            raise ValueError(f"the header promises a shape of {shape}")
        header = Header(shape, dtype, file.tell())
    needed = header.offset + header.count * dtype.itemsize
    there = Path(path).stat().st_size
    if there < needed:
        raise ValueError(f"truncated: the header promises {needed} bytes, the file has {there}")
    return header


class ChunkReader:
    """Iterate over an .npy file in chunks that share one buffer.

    Each chunk is overwritten by the next one: copy what you keep. A file that shrinks meanwhile is
    a ValueError here; with a memory map it would be a bus error that ends the process.

    Args:
        chunk: elements at a time.
    """

    def __init__(self, path: str | Path, chunk: int = CHUNK) -> None:
        self.path = Path(path)
        self.chunk = positive("chunk", chunk)
        self.header = read_header(path)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        left = self.header.count
        buffer = np.empty(min(self.chunk, max(1, left)), self.header.dtype)
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.header.offset)
            while left:
                part = buffer[: min(left, len(buffer))]
                _fill(file, part)
                left -= len(part)
                yield part


def _fill(file: Any, part: NDArray[Any]) -> None:
    view = part.data.cast("B")
    while len(view):
        got = file.readinto(view)
        if not got:
            raise ValueError(
                f"the file ended {len(view)} bytes early; it changed while it was read"
            )
        view = view[got:]


def memmap_chunks(path: str | Path, chunk: int = CHUNK) -> Iterator[NDArray[Any]]:
    """Yield read-only views of a mapped file; its pages count as resident while they are cached."""
    read_header(path)
    mapped = np.load(path, mmap_mode="r", allow_pickle=False).reshape(-1, order="A", copy=False)
    for start in range(0, len(mapped), positive("chunk", chunk)):
        yield mapped[start : start + chunk]


@dataclass(frozen=True)
class Moments:
    """Count, mean, variance and range of a file."""

    n: int
    mean: float
    var: float
    least: float
    most: float


def moments(path: str | Path, chunk: int = CHUNK) -> Moments:
    """Return the moments in one pass over the file, in memory for one chunk.

    Chunks are merged as Chan, Golub and LeVeque do, so nothing cancels. A NaN makes all of them
    NaN, as in NumPy.

    Raises:
        ValueError: the file is empty, damaged or not numeric; `chunk` is below 1.
    """
    return _merged(ChunkReader(path, chunk))


def _merged(parts: Iterable[NDArray[Any]]) -> Moments:
    found, least, most = Welford(), np.inf, -np.inf
    for part in parts:
        found.update(part)
        least, most = np.minimum(least, part.min()), np.maximum(most, part.max())
    if not found.n:
        raise ValueError("the file holds no values: there is no mean")
    return Moments(found.n, found.mean, found.var(), float(least), float(most))


def quantile_sketch(
    path: str | Path, q: float, *, k: int = 10_000, seed: int = 11, chunk: int = CHUNK
) -> float:
    """Return an estimate of a quantile from a uniform sample of `k` values, in one pass.

    Its rank is off by about sqrt(q (1 - q) / k) of the count: 0.5 % for the median of 10,000.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"q is within 0 and 1, not {q}")
    rng = np.random.default_rng(seed)
    keys, kept = np.empty(0), np.empty(0)
    for part in ChunkReader(path, chunk):
        # The k smallest of random keys are a uniform sample, and merge chunk by chunk.
        keys = np.concatenate([keys, rng.random(len(part))])
        kept = np.concatenate([kept, part])
        if len(keys) > positive("k", k):
            chosen = np.argpartition(keys, k)[:k]
            keys, kept = keys[chosen], kept[chosen]
    if not len(kept):
        raise ValueError("the file holds no values: there is no quantile")
    return float(np.quantile(kept, q))


def external_sort(path: str | Path, out: str | Path, *, budget: int = 64 * MIB) -> int:
    """Sort a one-dimensional .npy file into another one; returns the number of sorted runs.

    Runs of half the budget are sorted in memory and written to a folder beside the result, which
    is removed whatever happens; then they are merged through small buffers. The result appears
    whole or not at all. O(n log n), the merge as Python objects.

    Args:
        budget: bytes of memory for the values, in either phase.

    Raises:
        MemoryBudgetExceeded: the budget does not hold a buffer for each run.
        TypeError: the values are complex, which have no order.
        ValueError: the file is not one-dimensional, or damaged.
    """
    header = read_header(path)
    if len(header.shape) != 1:
        raise ValueError(f"only one dimension can be sorted, not {len(header.shape)}")
    _ordered(header)
    elements = positive("budget", budget) // (2 * header.dtype.itemsize)
    runs = max(1, -(-header.count // max(1, elements)))
    buffer = budget // (MERGED * (runs + 1))
    if buffer < 1:
        raise MemoryBudgetExceeded(MERGED * (runs + 1), budget)
    with ExitStack() as stack:
        beside = Path(out).absolute().parent  # on the same disk, so that the last step is a rename
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=".sort-", dir=beside))
        names = []
        for number, part in enumerate(ChunkReader(path, elements)):
            name = Path(folder) / f"run{number}.npy"
            part.sort()
            np.save(name, part)
            names.append(name)
        result = stack.enter_context(Path(folder, "result").open("wb"))
        described = np.lib.format.dtype_to_descr(header.dtype)
        told = {"descr": described, "fortran_order": False, "shape": header.shape}
        np.lib.format.write_array_header_1_0(result, told)
        streams = [stack.enter_context(closing(_values(name, buffer))) for name in names]
        collected: list[Any] = []
        for value in heapq.merge(*streams, key=lambda value: (value != value, value)):
            collected.append(value)
            if len(collected) >= buffer:
                result.write(np.array(collected, header.dtype).tobytes())
                collected.clear()
        result.write(np.array(collected, header.dtype).tobytes())
        result.close()
        Path(folder, "result").replace(out)
    return runs


def _ordered(header: Header) -> None:
    if header.dtype.kind == "c":
        raise TypeError("numeric dtype required that has an order, not complex")


def _values(path: Path, buffer: int) -> Generator[Any, None, None]:
    for part in ChunkReader(path, buffer):
        yield from part.tolist()


def dask_moments(path: str | Path, chunk: int = CHUNK) -> Moments:
    """Return the moments through Dask, each block loaded by the worker that needs it.

    The loader opens the file itself. `da.from_array(memmap)` looks the same, and copies the whole
    array into the task graph.
    """
    da: Any = importlib.import_module("dask.array")
    header = read_header(path)
    if not header.count:
        raise ValueError("the file holds no values: there is no mean")
    _ordered(header)
    if len(header.shape) != 1:
        raise ValueError(f"only one dimension is read in blocks, not {len(header.shape)}")

    def load(block_info: Any = None) -> NDArray[Any]:
        low, high = block_info[None]["array-location"][0]
        part = np.empty(high - low, header.dtype)
        with Path(path).open("rb", buffering=0) as file:
            file.seek(header.offset + low * header.dtype.itemsize)
            _fill(file, part)
        return part

    blocks = da.core.normalize_chunks(positive("chunk", chunk), shape=header.shape)
    x = da.map_blocks(load, chunks=blocks, dtype=header.dtype, meta=np.empty(0, header.dtype))
    mean, var, least, most = da.compute(x.mean(), x.var(), x.min(), x.max())
    return Moments(header.count, float(mean), float(var), float(least), float(most))


def write_zarr(
    path: str | Path, source: str | Path, *, chunk: int = CHUNK, version: int = 3
) -> Any:
    """Copy a one-dimensional .npy file into a chunked, compressed zarr array.

    Args:
        version: of the format, 2 or 3; zarr before 3.0 writes only 2.
    """
    zarr: Any = importlib.import_module("zarr")
    reader = ChunkReader(source, chunk)
    told = {"zarr_format": version} if int(zarr.__version__.split(".")[0]) >= 3 else {}
    array = zarr.open_array(
        str(path),
        mode="w",
        shape=reader.header.shape,
        chunks=(chunk,),
        dtype=reader.header.dtype,
        **told,
    )
    start = 0
    for part in reader:
        array[start : start + len(part)] = part
        start += len(part)
    return array


def zarr_moments(path: str | Path) -> Moments:
    """Return the moments of a one-dimensional zarr array, one of its own chunks at a time."""
    zarr: Any = importlib.import_module("zarr")
    array = zarr.open_array(str(path), mode="r")
    size = array.chunks[0]
    return _merged(numeric(array[at : at + size]) for at in range(0, array.shape[0], size))
