"""What a test leaves behind: threads, child processes, sockets and shared-memory segments.

Concurrent code that leaves one of them is wrong even when its results are right. The fixture
`nothing_left` compares the state after a test with the one before it. What a fixture of a wider
scope started, a server shared by the session, outlives the test that asked for it first.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil

# What a test started may need a moment to end after it was told to.
SETTLING_SECONDS = 3.0
# Threads of libraries that live as long as the interpreter, by design.
LIFELONG = ("tqdm_monitor",)
State = Mapping[Any, str]
_SEGMENTS = Path("/dev/shm")  # noqa: S108 - where Linux shows shared memory; only looked at
_shared: set[Any] = set()


def _threads() -> dict[Any, str]:
    return {
        thread.ident: f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread.ident and thread.name not in LIFELONG
    }


def _children() -> dict[Any, str]:
    if sys.platform == "linux":
        # To have none is the rule, and a question to the kernel is cheaper than all of /proc.
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return {}
    # The tracker of shared memory lives as long as the interpreter, by design.
    tracker = getattr(resource_tracker._resource_tracker, "_pid", None)
    found: dict[Any, str] = {}
    for child in psutil.Process().children():
        if child.pid != tracker:
            try:
                found[child.pid] = f"process {child.pid} {child.name()}"
            except psutil.NoSuchProcess:
                continue
    return found


def _sockets() -> dict[Any, str]:
    me = psutil.Process()
    listed = getattr(me, "net_connections", None) or me.connections
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


def state() -> State:
    """Return what this process holds now: keys of any kind -> what to call it."""
    return {(look, key): text for look in _LOOKS for key, text in look().items()}


def share(before: State) -> None:
    """Let everything that came since outlive the test that is running."""
    _shared.update(set(state()) - set(before))


def new_since(before: State) -> list[str]:
    """Return what is there now, was not before, and is not shared; sorted."""
    return sorted(
        text
        for (look, key), text in state().items()
        if (look, key) not in before
        and (look, key) not in _shared
        and not (look is _segments and _in_use_elsewhere(key))
    )


def left_since(before: State) -> list[str]:
    """Return what is still new after the garbage is collected and a moment has passed."""
    left = new_since(before)
    if left:
        gc.collect()
        until = time.monotonic() + SETTLING_SECONDS
        while (left := new_since(before)) and time.monotonic() < until:
            time.sleep(0.01)
    return left


def _in_use_elsewhere(segment: str) -> bool:
    # The folder is the machine's: another test run may be using a segment of its own.
    me = psutil.Process()
    ours = {str(me.pid), *(str(child.pid) for child in me.children(recursive=True))}
    for maps in Path("/proc").glob("[0-9]*/maps"):
        if maps.parent.name not in ours:
            try:
                if str(_SEGMENTS / segment) in maps.read_text(encoding="utf-8", errors="replace"):
                    return True
            except OSError:  # it ended, or is not ours to read
                continue
    return False
