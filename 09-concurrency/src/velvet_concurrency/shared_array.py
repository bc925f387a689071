"""A NumPy array that several processes see without copying it.

Sending 100 MB to four workers by pickle costs four copies and the time to make them;
`multiprocessing.shared_memory` costs a name. It also has three traps, closed here: attaching
registers the segment with the resource tracker a second time before 3.13 (the segment then
vanishes when the first reader ends, or warnings about leaks appear); `np.ndarray(buffer=...)`
keeps no export, so reading it after `close()` crashes the interpreter, where `np.frombuffer`
makes `close()` refuse; and a segment that nobody unlinks outlives every process on POSIX.
"""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_TRACKER_PATCH = threading.Lock()


@dataclass(frozen=True)
class SharedHandle:
    """What another process needs to attach: small, picklable, valid while the owner lives."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@contextlib.contextmanager
def _without_tracking() -> Iterator[None]:
    # 3.10 to 3.12 have no `track=False`: the registration itself is the only place to say no.
    with _TRACKER_PATCH:
        register, me = resource_tracker.register, threading.get_ident()

        def register_others(name: Sized, rtype: str) -> None:
            if rtype != "shared_memory" or threading.get_ident() != me:
                register(name, rtype)

        resource_tracker.register = register_others
        try:
            yield
        finally:
            resource_tracker.register = register


def _attach(name: str) -> SharedMemory:
    if sys.version_info >= (3, 13):
        return SharedMemory(name=name, track=False)
    with _without_tracking():
        return SharedMemory(name=name)


class SharedArray:
    """An array in shared memory: made by an owner, attached to by others, unlinked once.

    Use it as a context manager. The owner's `close()` also removes the segment; on Linux and macOS
    processes that are attached keep their mapping, on Windows the last one closes it. If the owner
    is killed, its resource tracker removes the segment. Reads and writes are not synchronised:
    give each worker its own slice.

    Args:
        memory: a segment that is large enough.
        shape: of the array.
        dtype: of its elements.
        owner: whether `close()` removes the segment.

    Raises:
        ValueError: the segment is closed already.

    >>> with SharedArray.create((2, 2), np.float64) as shared:
    ...     shared.array[:] = 1.0
    ...     with SharedArray.attach(shared.handle) as same:
    ...         total = float(same.array.sum())
    >>> total
    4.0
    """

    def __init__(
        self, memory: SharedMemory, shape: tuple[int, ...], *, dtype: np.dtype[Any], owner: bool
    ) -> None:
        buffer = memory.buf
        if buffer is None:
            raise ValueError(
                f"the segment {memory.name!r} is closed already; create or attach anew"
            )
        self._memory = memory
        self._owner = owner
        self._linked = owner
        self._handle = SharedHandle(memory.name, shape, dtype)
        count = math.prod(shape)
        self._array: Array | None = np.frombuffer(buffer, dtype, count).reshape(shape)

    @classmethod
    def create(cls, shape: Sequence[int], dtype: npt.DTypeLike = np.float64) -> SharedArray:
        """Make a zero-filled array that this process owns.

        Raises:
            ValueError: a dimension is negative, or the type holds Python objects, whose addresses
                mean nothing in another process.
        """
        kind = np.dtype(dtype)
        if kind.hasobject:
            raise ValueError(f"dtype must hold no Python objects, got {kind!r}")
        dimensions = tuple(int(length) for length in shape)
        if any(length < 0 for length in dimensions):
            raise ValueError(f"shape must have no negative dimension, got {dimensions!r}")
        # A segment cannot be empty, an array can.
        size = max(1, math.prod(dimensions) * kind.itemsize)
        return cls(SharedMemory(create=True, size=size), dimensions, dtype=kind, owner=True)

    @classmethod
    def copy_of(cls, array: Array) -> SharedArray:
        """Make a shared copy of `array`, in C order; O(bytes), the one copy there will be."""
        shared = cls.create(array.shape, array.dtype)
        shared.array[...] = array
        return shared

    @classmethod
    def attach(cls, handle: SharedHandle) -> SharedArray:
        """Map the owner's array into this process; O(1), nothing is copied.

        Raises:
            FileNotFoundError: the owner has closed it.
            ValueError: the segment is smaller than the handle says.
        """
        memory = _attach(handle.name)
        try:
            return cls(memory, handle.shape, dtype=handle.dtype, owner=False)
        except ValueError:
            memory.close()
            raise

    @property
    def array(self) -> Array:
        """The array itself, a view of the segment; drop every slice of it before `close()`."""
        if self._array is None:
            raise ValueError(f"shared array {self._handle.name} is closed")
        return self._array

    @property
    def handle(self) -> SharedHandle:
        """What to send to a worker."""
        return self._handle

    def close(self) -> None:
        """Unmap the segment, and remove it when this is the owner; idempotent.

        Raises:
            BufferError: a slice of `.array` is still alive in this process. The segment is
                unlinked all the same, so nothing stays behind; call again once it is gone.
        """
        self._array = None
        if self._linked:
            self._linked = False
            self._unlink()
        try:
            self._memory.close()
        except BufferError as error:
            raise BufferError(
                f"a view of shared array {self._handle.name} is still held: delete it before close()"
            ) from error

    def _unlink(self) -> None:
        try:
            self._memory.unlink()
        except FileNotFoundError:
            # Somebody else removed it; without this the tracker would report a leak at exit.
            resource_tracker.unregister(f"/{self._handle.name}", "shared_memory")

    def __enter__(self) -> SharedArray:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        # The failing frame may still hold a view; its own error is the one worth seeing.
        with contextlib.suppress(BufferError):
            self.close()
