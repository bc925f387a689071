"""A child process whose JSON lines a page shows while it runs.

Heavy work never runs inside Streamlit: its GIL and memory would pollute what is shown. A
page keeps one job in its session, reads what arrived at each redraw, and can stop it by
its process id. A job ends at its time cap, and with the page's process at the latest.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from velvet.processes import end_group

KEEP_STDERR = 4000


class Job:
    """A running or finished child.

    Args:
        argv: arguments after the Python interpreter, such as ``["-m", "package.demo"]``.
        cap_s: seconds after which it is stopped.
    """

    def __init__(
        self, argv: Sequence[str], *, cwd: Path | None = None, cap_s: float = 300.0
    ) -> None:
        self.argv = list(argv)
        self.events: list[dict[str, Any]] = []
        self.garbage = 0
        self.stopped = ""
        self._said: list[str] = []
        self._began = time.monotonic()
        self._ended: float | None = None
        self._process = subprocess.Popen(
            [sys.executable, *self.argv],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        self._timer = threading.Timer(
            cap_s, self.stop, args=(f"stopped at its cap of {cap_s:g} s",)
        )
        self._timer.daemon = True
        _live.add(self)
        for reader in self._readers:  # last: a child may have ended by now, and its reader with it
            reader.start()
        self._timer.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                self.garbage += 1
                continue
            if isinstance(event, dict):
                self.events.append(event)
            else:
                self.garbage += 1
        self._process.wait()
        self._ended = time.monotonic()
        self._timer.cancel()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.decode(errors="replace"))
            del self._said[:-50]
        self._process.stderr.close()

    @property
    def running(self) -> bool:
        """Whether the child still runs or its last lines are still being read."""
        return self._readers[0].is_alive()

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self._ended or time.monotonic()) - self._began

    @property
    def error(self) -> str:
        """Why it ended badly, in one line; empty while it runs or when all is well."""
        if self.running or self.stopped or self._process.returncode == 0:
            return ""
        self._readers[1].join(timeout=1)
        last = "".join(self._said)[-KEEP_STDERR:].strip().splitlines()[-1:]
        return f"ended with exit code {self._process.returncode}" + (f": {last[0]}" if last else "")

    def stop(self, reason: str = "stopped") -> None:
        """End the child and everything it started; safe to call twice."""
        if self._process.poll() is None or self.running:
            # A child that is gone may have left others, which hold its pipe open.
            self.stopped = self.stopped or reason
            end_group(self._process)
        self._timer.cancel()
        if threading.current_thread() is not self._timer:
            for reader in self._readers:
                reader.join(timeout=5)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not self._readers[0].is_alive():
                with contextlib.suppress(OSError, ValueError):
                    stream.close()


_live: weakref.WeakSet[Job] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for job in list(_live):
        job.stop("the page has ended")
