"""What an array is: one block of bytes, and a rule that turns an index into an address.

`address = start + sum(index[k] * strides[k])`. A transpose, a slice or a reversal changes the
rule and not the bytes (a view); a list of indices has no such rule, so the elements are copied.
Everything here reads the rule and none of it moves data.
"""

from __future__ import annotations

import inspect
import operator
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from velvet_numerical.errors import WouldCopy, positive

Order = Literal["C", "F", "CF", "none"]
OVERLAP_WORK = 10_000  # candidates that `shares_memory` may try: the exact answer is NP-hard


@dataclass(frozen=True)
class LayoutReport:
    """Where the elements of an array lie.

    Attributes:
        order: ``"CF"`` when both orders describe the same bytes, as in one dimension.
        contiguous_runs: how many gap-free pieces a walk over all elements touches.
        bytes_span: from the first byte to the last, gaps included.
        base_chain: the objects that keep the bytes alive, the nearest first.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    itemsize: int
    order: Order
    contiguous_runs: int
    bytes_span: int
    owns_data: bool
    base_chain: tuple[str, ...]
    aligned: bool
    writeable: bool


def describe(a: NDArray[Any]) -> LayoutReport:
    """Return the layout of an array in O(ndim).

    >>> report = describe(np.zeros((3, 4)).T)
    >>> report.shape, report.strides, report.order, report.owns_data
    ((4, 3), (8, 32), 'F', False)
    """
    flags = a.flags
    both = flags.c_contiguous and flags.f_contiguous
    order: Order = (
        "CF" if both else "C" if flags.c_contiguous else "F" if flags.f_contiguous else "none"
    )
    low, high = np.lib.array_utils.byte_bounds(a) if a.size else (0, 0)
    return LayoutReport(
        shape=a.shape,
        strides=a.strides,
        itemsize=a.itemsize,
        order=order,
        contiguous_runs=_runs(a),
        bytes_span=high - low,
        owns_data=flags.owndata,
        base_chain=_bases(a),
        aligned=flags.aligned,
        writeable=flags.writeable,
    )


def _runs(a: NDArray[Any]) -> int:
    if not a.size:
        return 0
    axes = sorted(
        (abs(step), size) for step, size in zip(a.strides, a.shape, strict=True) if size > 1
    )
    run, runs = a.itemsize, 1
    for step, size in axes:
        if step == 0:
            continue  # the same bytes again
        if step == run and runs == 1:
            run *= size
        else:
            runs *= size
    return runs


def _bases(a: NDArray[Any]) -> tuple[str, ...]:
    chain, base = [], a.base
    while base is not None:
        shape = getattr(base, "shape", None)
        chain.append(type(base).__name__ + ("" if shape is None else str(shape)))
        base = getattr(base, "base", None)
    return tuple(chain)


@dataclass(frozen=True)
class IndexReport:
    """What an indexing expression does: a view with a new rule, or a copy.

    Attributes:
        formula: how the first element's offset comes about; empty for a copy.
        offset: bytes from the first element of the array; 0 for a copy.
    """

    kind: Literal["basic view", "advanced copy"]
    formula: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def explain_index(a: NDArray[Any], index: Any) -> IndexReport:
    """Return whether `a[index]` is a view, and by which rule; integers, slices, `...` and None are.

    A full set of integers reads one element, which NumPy hands out as a scalar: its address
    follows the same formula.

    >>> explain_index(np.zeros((4, 6)), (slice(1, None), 2)).formula
    '1*48 + 2*8 = 64'
    >>> explain_index(np.zeros(6), [0, 2]).kind
    'advanced copy'
    """
    items = index if isinstance(index, tuple) else (index,)
    found = np.asarray(a[index])  # NumPy refuses what is out of bounds, with its own IndexError
    if not all(_is_basic(item) for item in items):
        return IndexReport("advanced copy", "", 0, found.shape, found.strides)
    wanted = sum(item is not None and item is not Ellipsis for item in items)
    spelled = [*items] if any(item is Ellipsis for item in items) else [*items, Ellipsis]
    terms, axis, offset = [], 0, 0
    for item in spelled:
        if item is None:
            continue
        if item is Ellipsis:
            axis += a.ndim - wanted
            continue
        size = a.shape[axis]
        first = item.indices(size)[0] if isinstance(item, slice) else int(item) % size
        if first and not (isinstance(item, slice) and size == 0):
            terms.append(f"{first}*{a.strides[axis]}")
            offset += first * a.strides[axis]
        axis += 1
    formula = " + ".join(terms or ["0"]) + f" = {offset}"
    strides = a[tuple(spelled)].strides
    return IndexReport("basic view", formula, offset, found.shape, strides)


def _is_basic(item: Any) -> bool:
    if isinstance(item, (bool, np.bool_)):
        return False  # a mask of no dimensions
    return item is None or item is Ellipsis or isinstance(item, (int, np.integer, slice))


def address_of(a: NDArray[Any], index: Sequence[int]) -> int:
    """Return the address of one element, by the formula.

    Raises:
        IndexError: not one index for each axis, or one is out of bounds.
        TypeError: an index is no integer.
    """
    if len(index) != a.ndim:
        raise IndexError(f"{len(index)} indices for {a.ndim} axes")
    start: int = a.__array_interface__["data"][0]
    for axis, (position, size, step) in enumerate(zip(index, a.shape, a.strides, strict=True)):
        if not -size <= position < size:
            raise IndexError(f"index {position} is out of bounds for axis {axis} of {size}")
        start += (operator.index(position) % size) * step
    return start


def is_view_of(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether two arrays share a byte.

    Interleaved slices make the exact question NP-hard. After `OVERLAP_WORK` candidates the answer
    is that of `np.may_share_memory`, which compares the outer bounds and may say yes too often.
    """
    try:
        return np.shares_memory(a, b, OVERLAP_WORK)  # type: ignore[arg-type,unused-ignore]  # NumPy 2.4 types it too narrowly
    except np.exceptions.TooHardError:
        return np.may_share_memory(a, b)


def reshape_no_copy(a: NDArray[Any], shape: int | tuple[int, ...]) -> NDArray[Any]:
    """Return a view of a new shape.

    Raises:
        WouldCopy: the elements lie in an order that no strides of that shape describe.
        ValueError: the sizes differ.
    """
    try:
        return np.reshape(a, shape, copy=False)
    except ValueError as error:
        np.empty(a.shape, np.bool_).reshape(shape)  # a wrong size is an error of its own
        raise WouldCopy(
            f"strides {a.strides} of shape {a.shape} cannot be read as {shape}; "
            "use .reshape() and pay for the copy"
        ) from error


def sliding_windows(a: NDArray[Any], n: int, axis: int = -1) -> NDArray[Any]:
    """Return every window of `n` elements along an axis, as a read-only view without a copy.

    The windows overlap, so writing into one would change its neighbours.

    Raises:
        ValueError: the window is longer than the axis, or `n` is below 1.

    >>> sliding_windows(np.arange(5), 3).sum(axis=-1)
    array([3, 6, 9])
    """
    axis = np.lib.array_utils.normalize_axis_index(axis, a.ndim)
    size = a.shape[axis]
    if positive("n", n) > size:
        raise ValueError(f"a window of {n} is longer than the axis of {size}")
    shape = (*a.shape[:axis], size - n + 1, *a.shape[axis + 1 :], n)
    strides = (*a.strides, a.strides[axis])
    return np.lib.stride_tricks.as_strided(a, shape, strides, writeable=False)


@dataclass(frozen=True)
class CopyEvent:
    """What one line of a function allocated.

    Attributes:
        peak_bytes: the most that the line held at once beyond what was there before it.
        kept_bytes: what is still there after it; the difference was temporary.
    """

    line: int
    peak_bytes: int
    kept_bytes: int


def copy_audit(fn: Callable[..., Any], *args: Any, least: int = 1024) -> list[CopyEvent]:
    """Run `fn(*args)` and return which of its lines allocated `least` bytes or more.

    NumPy reports its buffers to `tracemalloc`; the peak is read after each line of `fn` itself.
    Tracing is of the whole process, so run nothing beside it. A builtin, which has no lines, is a
    TypeError.
    """
    events: list[CopyEvent] = []
    begun = 0
    line: int | None = None

    def close() -> None:
        nonlocal begun
        now, peak = tracemalloc.get_traced_memory()
        if line is not None and peak - begun >= least:
            events.append(CopyEvent(line, peak - begun, now - begun))
        tracemalloc.reset_peak()
        begun = tracemalloc.get_traced_memory()[0]

    def per_line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal line
        close()
        line = frame.f_lineno if event == "line" else None
        return per_line

    def per_call(frame: FrameType, _event: str, _: Any) -> Any:
        return per_line if frame.f_code is code else None

    if not inspect.isfunction(fn):
        raise TypeError(f"a function written in Python is required, not {type(fn).__name__}")
    code, least = fn.__code__, positive("least", least)
    traced, tracer = tracemalloc.is_tracing(), sys.gettrace()
    if not traced:
        tracemalloc.start()
    try:
        sys.settrace(per_call)
        fn(*args)
    finally:
        sys.settrace(tracer)
        if not traced:
            tracemalloc.stop()
    return events
