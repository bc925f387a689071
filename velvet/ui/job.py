"""A child process whose JSON lines a page shows while it runs.

Heavy work never runs inside Streamlit: its GIL and memory would pollute what is shown. A
page reads what arrived at each redraw, and can stop the child by its process id. A job ends
at its time cap, and with the page's process at the latest. Its temporary folder is its own
and is removed with it, whatever the child left there.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from velvet.processes import end_group, remove
from velvet.ui.child import JOB_VARIABLE

KEPT_LINES, KEPT_LETTERS = 50, 4000  # of what the child says on standard error


class Job:
    """A running or finished child.

    Args:
        argv: arguments after the Python interpreter, such as ``["-m", "package.demo"]``.
        cap_s: seconds after which it is stopped.
        on_end: called with the job once all is read, by the thread that read it.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        cap_s: float = 300.0,
        on_end: Callable[[Job], None] | None = None,
    ) -> None:
        self.argv = list(argv)
        self.events: list[dict[str, Any]] = []
        self.stopped = ""
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self.began = time.monotonic()
        self._ended: float | None = None
        self._on_end = on_end
        self.folder = Path(tempfile.mkdtemp(prefix="vj-"))
        self._process = subprocess.Popen(
            [sys.executable, *self.argv],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(self.folder),
            start_new_session=os.name == "posix",
        )
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        self._timer = threading.Timer(cap_s, self.stop, args=(f"stopped at the {cap_s:g} s limit",))
        self._timer.daemon = True
        _live.add(self)
        for reader in self._readers:  # last: a child may have ended by now, and its reader with it
            reader.start()
        self._timer.start()

    def _read(self) -> None:
        page, told = self._process.stdin, self._process.stdout
        assert page is not None
        assert told is not None
        for line in told:
            with contextlib.suppress(ValueError):  # a line that is no event is passed over
                event = json.loads(line)
                if isinstance(event, dict):
                    self.events.append(event)
        self._process.wait()
        end_group(self._process)  # what it started and left behind
        self._ended = time.monotonic()
        self._timer.cancel()
        if self._on_end is not None:
            self._on_end(self)
        page.close()
        told.close()
        remove(self.folder)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.decode(errors="replace"))
        self._process.stderr.close()

    @property
    def running(self) -> bool:
        """Whether the child still runs or its last lines are still being read."""
        return self._readers[0].is_alive()

    @property
    def seconds(self) -> float:
        """How long it has run, or ran."""
        return (self._ended or time.monotonic()) - self.began

    @property
    def error(self) -> str:
        """Why it ended badly, in one line; empty while it runs or when all is well."""
        if self.running or self.stopped or self._process.returncode == 0:
            return ""
        self._readers[1].join(timeout=1)
        last = "".join(self._said)[-KEPT_LETTERS:].strip().splitlines()[-1:]
        return f"ended with exit code {self._process.returncode}" + (f": {last[0]}" if last else "")

    def wait(self) -> None:
        """Wait until the child has ended and all that it told is read."""
        self._readers[0].join()

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


def _environment(folder: Path) -> dict[str, str]:
    """Return a child's environment: temporary files in its folder, servers' state where it was."""
    return {
        "VELVET_STATE_DIR": tempfile.gettempdir(),
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP", JOB_VARIABLE), str(folder)),
        "PYTHONIOENCODING": "utf-8",
    }


_live: weakref.WeakSet[Job] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for job in list(_live):
        job.stop("the page has ended")
