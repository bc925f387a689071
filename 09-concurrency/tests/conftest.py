"""What every test of this module shares: the leak check, a watchdog and a bounded wait.

Concurrent code that leaves a thread, a child process, a socket or a shared-memory segment behind
is wrong even when its results are right, so each test is compared with the state before it. State
that is older than a test (a server shared by the session) is tolerated by that comparison.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

T = TypeVar("T")

WATCHDOG_SECONDS = 60.0
BOUND_SECONDS = 10.0
# What a test started may need a moment to end after it was told to.
SETTLING_SECONDS = 3.0
_SEGMENTS = Path("/dev/shm")
_STDERR = pytest.StashKey[int]()
_ME = psutil.Process()


def pytest_configure(config: pytest.Config) -> None:
    # Capturing is not in force here, so this is the terminal and not the captured stream.
    try:
        config.stash[_STDERR] = os.dup(sys.__stderr__.fileno())
    except (AttributeError, OSError, ValueError):
        config.stash[_STDERR] = -1


def pytest_unconfigure(config: pytest.Config) -> None:
    descriptor = config.stash.get(_STDERR, -1)
    if descriptor >= 0:
        faulthandler.cancel_dump_traceback_later()
        os.close(descriptor)


@pytest.fixture(autouse=True)
def _watchdog(request: pytest.FixtureRequest) -> Iterator[None]:
    """Print where every thread stands when a test takes a minute: a deadlock, most likely."""
    descriptor = request.config.stash.get(_STDERR, -1)
    if descriptor >= 0:
        faulthandler.dump_traceback_later(WATCHDOG_SECONDS, file=descriptor)
    yield
    faulthandler.cancel_dump_traceback_later()


def _threads() -> dict[Any, str]:
    return {
        thread.ident: f"thread {thread.name}" for thread in threading.enumerate() if thread.ident
    }


def _children() -> dict[Any, str]:
    # The tracker of shared memory lives as long as the interpreter, by design.
    tracker = getattr(resource_tracker._resource_tracker, "_pid", None)
    found: dict[Any, str] = {}
    for child in _ME.children():
        if child.pid != tracker:
            try:
                found[child.pid] = f"process {child.pid} {child.name()}"
            except psutil.NoSuchProcess:
                continue
    return found


def _sockets() -> dict[Any, str]:
    listed = getattr(_ME, "net_connections", None) or _ME.connections
    try:
        return {
            (found.fd, found.laddr, found.raddr): f"socket {found.laddr} {found.status}"
            for found in listed(kind="inet")
        }
    except psutil.AccessDenied:
        return {}


def _segments() -> dict[Any, str]:
    if not _SEGMENTS.is_dir():
        return {}
    return {path.name: f"segment {path.name}" for path in _SEGMENTS.glob("psm_*")}


_LOOKS: tuple[Callable[[], dict[Any, str]], ...] = (_threads, _children, _sockets, _segments)


def _in_use_elsewhere(segment: str) -> bool:
    # The folder is the machine's: another test run may be using a segment of its own.
    ours = {str(_ME.pid), *(str(child.pid) for child in _ME.children(recursive=True))}
    for maps in Path("/proc").glob("[0-9]*/maps"):
        if maps.parent.name not in ours:
            try:
                if f"/dev/shm/{segment}" in maps.read_text(encoding="utf-8", errors="replace"):
                    return True
            except OSError:  # it ended, or is not ours to read
                continue
    return False


def _new_since(before: list[dict[Any, str]]) -> list[str]:
    return [
        text
        for look, old in zip(_LOOKS, before, strict=True)
        for key, text in look().items()
        if key not in old and not (look is _segments and _in_use_elsewhere(key))
    ]


@pytest.fixture(autouse=True)
def _nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a thread, child, socket or segment is left."""
    before = [look() for look in _LOOKS]
    yield
    left = _new_since(before)
    if not left:
        return
    gc.collect()
    until = time.monotonic() + SETTLING_SECONDS
    while (left := _new_since(before)) and time.monotonic() < until:
        time.sleep(0.01)
    if left:
        pytest.fail(f"left behind by {request.node.name}: {', '.join(sorted(left))}")


@pytest.fixture
def bounded() -> Callable[[Awaitable[T]], Awaitable[T]]:
    """Await something, but fail instead of hanging for ever."""

    async def wait(awaitable: Awaitable[T]) -> T:
        return await asyncio.wait_for(awaitable, BOUND_SECONDS)

    return wait
