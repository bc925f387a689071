"""The words of a connection pool: what it manages, what it reports and how it refuses."""

from __future__ import annotations

import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from traceback import FrameSummary, StackSummary
from types import FrameType
from typing import Any, Generic, Literal, Protocol, TypeVar

Check = Literal["none", "checkout", "background"]
CHECKS: tuple[Check, ...] = ("none", "checkout", "background")
STACK_DEPTH = 12
# `with pool.connection()` passes through these before it reaches the borrower.
_WITHIN = (
    __file__.replace("pool_types", "pool"),
    contextmanager.__code__.co_filename,
)


class Connection(Protocol):
    """The part of DB-API 2.0 (PEP 249) that a pool needs."""

    def rollback(self) -> object: ...
    def close(self) -> object: ...


C = TypeVar("C", bound=Connection)


def rollback(connection: Connection) -> None:
    """Leave whatever transaction the borrower left open."""
    connection.rollback()


def ping(connection: Any) -> None:
    """Ask the server for a sign of life; raises whatever the driver raises when there is none."""
    connection.execute("SELECT 1")
    connection.rollback()


class PoolTimeout(TimeoutError):
    """No connection came free in time.

    Attributes:
        waited: seconds.
        size: connections that the pool had.
        in_use: how many of them were with callers, `by_this_thread` with the one refused.
    """

    def __init__(self, waited: float, size: int, in_use: int, by_this_thread: int = 0) -> None:
        self.waited, self.size, self.in_use = waited, size, in_use
        self.by_this_thread = by_this_thread
        text = f"no connection within {waited:.2f} s: {in_use} of {size} in use"
        if by_this_thread:
            text += (
                f", {by_this_thread} in use by this thread; "
                "return the first before asking for another"
            )
        super().__init__(text)


class PoolClosed(RuntimeError):
    """The pool was closed, before or while a caller waited."""


@dataclass(frozen=True)
class PoolStats:
    """One consistent reading.

    Attributes:
        size: connections that exist or are being made.
        idle: those that are not lent.
        waiting: callers in line now.
        waits: callers that had to wait since the start, for `wait_seconds_total` in all.
        timeouts: callers that were refused after waiting.
        discarded: connections closed because they were dead, old, idle for long or broken.
    """

    size: int
    idle: int
    waiting: int
    waits: int
    wait_seconds_total: float
    timeouts: int
    discarded: int


@dataclass(eq=False)
class Entry(Generic[C]):
    """One connection and what the pool knows of it; times are readings of the pool's clock."""

    connection: C
    expires: float
    idle_since: float = 0.0
    taken: float = 0.0
    thread: int = 0
    thread_name: str = ""
    stack: StackSummary | None = None

    def borrowed(self, now: float, frame: FrameType | None) -> None:
        """Note who has it: the thread, and the stack from the first frame outside the pool.

        Only file names and line numbers are kept; source lines are read when a leak is shown.
        """
        while frame is not None and frame.f_code.co_filename in _WITHIN:
            frame = frame.f_back
        walked = traceback.walk_stack(frame)
        self.stack = StackSummary.extract(walked, limit=STACK_DEPTH, lookup_lines=False)
        thread = threading.current_thread()
        self.taken, self.thread, self.thread_name = now, thread.ident or 0, thread.name


@dataclass(frozen=True)
class Leak:
    """A connection that is lent for long: for how many seconds, and where it was taken."""

    age_s: float
    thread: str
    stack: tuple[FrameSummary, ...]

    @classmethod
    def of(cls, entry: Entry[C], now: float) -> Leak:
        """Describe a lent connection."""
        return cls(now - entry.taken, entry.thread_name, tuple(reversed(entry.stack or ())))

    @property
    def where(self) -> str:
        """The innermost line outside the pool, as ``file:line in function``."""
        frame = self.stack[-1]
        return f"{frame.filename}:{frame.lineno} in {frame.name}"


@dataclass(eq=False)
class Waiter(Generic[C]):
    """A caller in line; it is woken with an entry, with leave to connect, or by the end."""

    woken: threading.Event = field(default_factory=threading.Event)
    entry: Entry[C] | None = None
    may_connect: bool = False

    @property
    def served(self) -> bool:
        """Whether it was given something that has to go somewhere."""
        return self.entry is not None or self.may_connect


def check_arguments(
    min_size: int,
    max_size: int,
    check: str,
    times: dict[str, float],
) -> None:
    """Refuse what no pool can be.

    Raises:
        ValueError: naming the argument.
    """
    for name, count, least in (("max_size", max_size, 1), ("min_size", min_size, 0)):
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            raise ValueError(f"{name} must be a whole number >= {least}, not {count!r}")
    if min_size > max_size:
        raise ValueError(f"min_size {min_size} is more than max_size {max_size}")
    if check not in CHECKS:
        raise ValueError(f"check must be one of {', '.join(CHECKS)}, not {check!r}")
    for name, seconds in times.items():
        if not seconds >= 0.0:
            raise ValueError(f"{name} must be seconds >= 0, not {seconds!r}")
