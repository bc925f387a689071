"""Worker processes: started, read line by line, bounded in time, and never left behind.

Each child is the leader of its own process group, so that ending it ends what it started.
The bound is on silence between two announcements as well as on the whole, and the group is
ended on every way out: the end, an error, Ctrl-C, SIGTERM.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from typing import IO, Any

import psutil

from velvet.bench.model import MODE_VARIABLE
from velvet.bench.programs import LAUNCHER
from velvet.processes import descendants, end_group

STDERR_TAIL = 2000
TREE_EVERY_S = 0.02
READER_S = 5.0  # a reader ends with the group; what has left it may still hold the pipe
_THREAD_VARIABLES = tuple(f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"))


class ChildFailed(Exception):
    """A worker ended badly; `contender` is whose turn it was (None: before any turn)."""

    def __init__(self, contender: str | None, reason: str) -> None:
        super().__init__(contender, reason)
        self.contender, self.reason = contender, reason

    def __str__(self) -> str:
        return self.reason


def environment(*, hashseed: int, threads: int, tier: str) -> dict[str, str]:
    """Return the environment of a worker: a recorded hash seed and pinned BLAS threads."""
    env = dict(os.environ)
    env.update(dict.fromkeys((*_THREAD_VARIABLES, "VECLIB_MAXIMUM_THREADS"), str(threads)))
    env["PYTHONHASHSEED"] = str(hashseed)
    env["PYTHONIOENCODING"] = "utf-8"
    env[MODE_VARIABLE] = tier
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def tree_mb(pid: int) -> float:
    """Return the memory unique to a process and its descendants, in MiB, right now."""
    total = 0.0
    try:
        processes = [psutil.Process(pid), *descendants(pid)]
    except psutil.Error:
        return 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss / 2**20
    return total


def _pump(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    with stream:  # closed by whoever reads it: elsewhere it would be closed under the reader
        for line in stream:
            lines.put(line)
    lines.put(None)


def stream(
    request: Mapping[str, Any],
    *,
    env: Mapping[str, str],
    limit: float,
    affinity: tuple[int, ...] = (),
    sample_tree: bool = False,
) -> Iterator[dict[str, Any]]:
    """Start a worker and yield its events; `limit` bounds each silence, in seconds.

    ChildFailed says that it crashed, stayed silent too long or said something that is no event.
    """
    # On macOS a small process stands between, so that the child's peak is its own.
    between = LAUNCHER if sys.platform == "darwin" else []
    argv = [*between, sys.executable, "-m", "velvet.bench.worker", json.dumps(dict(request))]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=dict(env),
            start_new_session=os.name == "posix",
        )
        lines: queue.Queue[bytes | None] = queue.Queue()
        reader = threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True)
        try:
            reader.start()
            if affinity and hasattr(psutil.Process, "cpu_affinity"):
                psutil.Process(process.pid).cpu_affinity(list(affinity))
            yield from _events(process, lines, errors, limit, sample_tree)
        finally:
            end_group(process)
            if reader.ident is not None:
                reader.join(READER_S)


def _events(
    process: subprocess.Popen[bytes],
    lines: queue.Queue[bytes | None],
    errors: IO[bytes],
    limit: float,
    sample_tree: bool,
) -> Iterator[dict[str, Any]]:
    turn: str | None = None
    ended = False
    peak = 0.0
    deadline = time.monotonic() + limit
    while True:
        try:
            line = lines.get(timeout=TREE_EVERY_S if sample_tree else 0.5)
        except queue.Empty:
            if sample_tree:
                peak = max(peak, tree_mb(process.pid))
            if time.monotonic() > deadline:
                raise ChildFailed(turn, f"gave no sign of life for {limit:g} s") from None
            continue
        if line is None:
            break
        deadline = time.monotonic() + limit
        event: Any = None
        with contextlib.suppress(ValueError):
            event = json.loads(line)
        if not isinstance(event, dict) or "event" not in event:
            raise ChildFailed(turn, f"spoke garbage: {line[:80]!r}")
        if event["event"] == "turn":
            turn = event["contender"]
        if event["event"] == "sample" and sample_tree:
            event["tree_mb"] = max(peak, event["peak_mb"])
        ended = ended or event["event"] == "end"
        yield event
    try:
        code = process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        raise ChildFailed(turn, f"left something running for {limit:g} s after its end") from None
    if code != 0 or not ended:
        errors.seek(0, os.SEEK_END)
        errors.seek(max(0, errors.tell() - STDERR_TAIL))
        tail = errors.read().decode(errors="replace").strip().splitlines()[-1:]
        said = f": {tail[0][:200]}" if tail else ""
        raise ChildFailed(turn, f"ended with exit code {code}{said}")
