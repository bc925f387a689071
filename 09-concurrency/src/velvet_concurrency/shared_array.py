"""A NumPy array that several processes see without copying it.

Sending 100 MB to four workers by pickle costs four copies and the time to make them;
`multiprocessing.shared_memory` costs a name. It also has traps, closed here: attaching
registers the segment with the resource tracker a second time before 3.13 (the segment then
vanishes when the first reader ends, or warnings about leaks appear); `np.ndarray(buffer=...)`
keeps no export, so reading it after `close()` crashes the interpreter, where `np.frombuffer`
makes `close()` refuse; a segment that no process unlinks outlives them all on POSIX; and a forked
child holds a copy of the owner, which must not unlink.
"""

from __future__ import annotations

import contextlib
import math
import operator
import os
import secrets
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
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


def _unlink_if(memory: SharedMemory, pid: int) -> None:
    """Remove the segment of an array that was dropped without `close`, in its owner only."""
    if os.getpid() == pid:
        with contextlib.suppress(FileNotFoundError):
            memory.unlink()


class SharedArray:
    """An array in shared memory: made by an owner, attached to by others, unlinked once.

    Use it as a context manager, made by `create`, `copy_of` or `attach`. The owner's `close()` also removes
    the segment; on Linux and macOS processes that are attached keep their mapping, on Windows the last
    one closes it. If the owner is killed, its resource tracker removes the segment. Reads and writes
    are not synchronised: give each worker its own slice.

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
        self._linked_by = os.getpid() if owner else None
        self.handle = SharedHandle(memory.name, shape, dtype)
        """What to send to a worker."""
        if memory.buf is None:
            raise ValueError(
                f"the segment {memory.name!r} is closed already; create or attach anew"
            )
        # Without a local name: after Ctrl-C here a view would keep the mapping.
        self._array: Array | None = np.frombuffer(memory.buf, dtype, math.prod(shape)).reshape(
            shape
        )
        self._memory = memory  # the last, so that it is closed after the array is gone
        if owner:  # Ctrl-C may come before `with` has it
            self._forgotten = weakref.finalize(self, _unlink_if, memory, os.getpid())

    @classmethod
    def create(cls, shape: Sequence[int], dtype: npt.DTypeLike = np.float64) -> SharedArray:
        """Make a zero-filled array that this process owns.

        Raises `ValueError` when a dimension is negative, the array is larger than an address space, or the
        type holds Python objects, whose addresses mean nothing in another process.
        """
        kind = np.dtype(dtype)
        if kind.hasobject or not kind.itemsize:
            raise ValueError(f"dtype must have a size and hold no Python objects, got {kind!r}")
        dimensions = tuple(operator.index(length) for length in shape)
        if any(length < 0 for length in dimensions):
            raise ValueError(f"shape must have no negative dimension, got {dimensions!r}")
        size = math.prod(dimensions) * kind.itemsize
        if size > sys.maxsize:
            raise ValueError(
                f"shape {dimensions!r} needs {size:.3g} bytes: no process can map them"
            )
        # A segment cannot be empty, an array can.
        name = f"psm_{secrets.token_hex(8)}"  # known before there is one to leave behind
        try:
            memory = SharedMemory(name, create=True, size=max(1, size))
            return cls(memory, dimensions, dtype=kind, owner=True)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                made = SharedMemory(name)
                made.close()
                made.unlink()
            raise

    @classmethod
    def copy_of(cls, array: Array) -> SharedArray:
        """Make a shared copy of `array`, in C order; O(bytes), the one copy there will be."""
        shared = cls.create(array.shape, array.dtype)
        shared.array[...] = array
        return shared

    @classmethod
    def attach(cls, handle: SharedHandle) -> SharedArray:
        """Map the owner's array into this process; O(1), nothing is copied.

        Raises `FileNotFoundError` when the owner has closed it, `ValueError` when it is too small.
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
            raise ValueError(f"shared array {self.handle.name} is closed")
        return self._array

    def close(self) -> None:
        """Unmap the segment, and remove it in the process that created it; idempotent.

        Raises `BufferError` while a slice of `.array` is alive in this process. The segment is unlinked all
        the same, so nothing stays behind; call again once it is gone.
        """
        self._array = None
        if self._linked_by == os.getpid():
            self._unlink()
            self._forgotten.detach()
            self._linked_by = None
        try:
            self._memory.close()
        except BufferError as error:
            raise BufferError(
                f"a view of shared array {self.handle.name} is still held: delete it before close()"
            ) from error

    def _unlink(self) -> None:
        try:
            self._memory.unlink()
        except FileNotFoundError:
            # Another process removed it; without this the tracker would report a leak at exit.
            resource_tracker.unregister(f"/{self.handle.name}", "shared_memory")

    def __enter__(self) -> SharedArray:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
            return
        # The failing frame may still hold a view; its own error is the one worth seeing.
        with contextlib.suppress(BufferError):
            self.close()
