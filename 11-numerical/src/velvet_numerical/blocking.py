"""Blocks that fit a cache: the same arithmetic, bit for bit, with less traffic to memory.

An expression of five operators over a large array travels to memory and back five times. Over
blocks of a few thousand elements it does so once, since a block stays in the second-level cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import ShapeMismatch, positive

L2_BYTES = 1 << 19  # half of a common second-level cache: the other half is for everything else
TILE = 32  # 32 x 32 doubles from two arrays: 16 kB, half of a first-level cache


def blocks(
    n: int, itemsize: int, *, arrays: int, block: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield bounds of blocks, by default so that `arrays` of them fit into the cache together."""
    if block is None:
        block = max(1, L2_BYTES // (positive("arrays", arrays) * positive("itemsize", itemsize)))
    for start in range(0, n, positive("block", block)):
        yield start, min(start + block, n)


def blocked_apply(
    fn: Callable[..., Any],
    *arrays: NDArray[Any],
    out: NDArray[Any],
    block: int | None = None,
) -> NDArray[Any]:
    """Call `fn(*parts, part_of_out)` for each block along the first axis; return `out`.

    For element-wise functions the result is that of one call over everything, bit for bit.

    Raises:
        ShapeMismatch: an array is not as long as `out`.
        ValueError: `out` is read-only; nothing was computed then.
    """
    if not out.flags.writeable:
        raise ValueError("out is read-only; pass an array that owns its data")
    for array in arrays:
        if len(array) != len(out):
            raise ShapeMismatch(-array.ndim, (len(array), len(out)))
    row = max(1, out.nbytes // max(1, len(out)))
    for start, stop in blocks(len(out), row, arrays=len(arrays) + 1, block=block):
        fn(*(array[start:stop] for array in arrays), out[start:stop])
    return out


def blocked_transpose(a: NDArray[Any], block: int = TILE) -> NDArray[Any]:
    """Return the transposed matrix as a new array, tile by tile.

    Row by row, each write lands in another line of the cache; where the size is a power of two,
    they all land in the same few lines. A tile is finished before its lines are needed again.
    """
    if a.ndim != 2:
        raise ValueError(f"a matrix has 2 dimensions, not {a.ndim}")
    rows, columns = a.shape
    out = np.empty((columns, rows), a.dtype)
    for i in range(0, rows, positive("block", block)):
        for j in range(0, columns, block):
            out[j : j + block, i : i + block] = a[i : i + block, j : j + block].T
    return out
