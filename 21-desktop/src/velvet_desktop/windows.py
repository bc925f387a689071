"""The other end of the pipe: start a window in a child, ask it, and be sure that it ends.

Whoever waits for a program with a window needs three things: a limit on silence, the last words of
its standard error, and an end that works when the program does not answer any more.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from velvet_desktop import contenders
from velvet_desktop.display import problem, qt_problem
from velvet_desktop.errors import ChildFailed

PATIENCE_S = 60.0  # of silence; a busy machine is no broken one
QUIET = {"KIVY_NO_CONSOLELOG": "1", "QT_LOGGING_RULES": "*.warning=false", "LIBGL_DEBUG": "quiet"}


class Window:
    """A board in a child process.

    Args:
        toolkit: a name of `contenders.NAMES`.
        folder: where the board lies.
        display: a name such as ``:7``; empty for no screen at all.
        argv: another program that speaks the same protocol, such as a bundle.
    """

    def __init__(
        self,
        toolkit: str,
        folder: Path,
        display: str = "",
        *,
        theme: str = "light",
        argv: Sequence[str] = (),
        patience_s: float = PATIENCE_S,
    ) -> None:
        contenders.load(toolkit)
        program = argv or [sys.executable, "-m", "velvet_desktop.probe"]
        env = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        env |= QUIET | {"DISPLAY": display, "PYTHONIOENCODING": "utf-8"}
        if display:
            env |= {"QT_QPA_PLATFORM": "xcb", "SDL_VIDEODRIVER": "x11"}
        self._patience_s = patience_s
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self.process = subprocess.Popen(
            [*program, toolkit, str(folder), theme],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=env,
            start_new_session=os.name == "posix",
        )
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # a toolkit that greets on standard output
            if isinstance(told, dict):
                self._lines.put(told)
        self._lines.put(None)

    def wait_for(self, event: str = "") -> dict[str, Any]:
        """Return the next answer of a kind; of any kind by default.

        Raises:
            ChildFailed: it ended, refused, or was silent for too long.
        """
        while True:
            try:
                told = self._lines.get(timeout=self._patience_s)
            except queue.Empty:
                self.kill()
                sentence = f"silent for {self._patience_s:g} s, waited for {event or 'an answer'}"
                raise ChildFailed(sentence, stderr=self.complaints()) from None
            if told is None:
                self._lines.put(None)  # for whoever asks once more
                code = self.process.wait()
                sentence = f"ended with {code} before {event or 'an answer'}"
                raise ChildFailed(sentence, code, self.complaints())
            if told["event"] in ("refused", "no_window"):
                raise ChildFailed(told["why"])
            if told["event"] == event or not event:
                return told

    def ask(self, do: str, answer: str = "done", **arguments: Any) -> dict[str, Any]:
        """Send a command and return its answer."""
        self.send(do, **arguments)
        return self.wait_for(answer)

    def send(self, do: str, **arguments: Any) -> None:
        """Send a command whose answer is fetched later, or never."""
        assert self.process.stdin is not None
        with suppress(OSError):  # it has ended: who waits for the answer gets its last words
            self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self.process.stdin.flush()

    def state(self) -> dict[str, Any]:
        """Return what the window shows."""
        return self.ask("state", "state")

    def complaints(self) -> str:
        """Return the end of its standard error."""
        if self._complaints.closed:
            return ""
        self._complaints.seek(0)
        return self._complaints.read().decode("utf-8", "replace")[-2_000:]

    def kill(self) -> None:
        """End it as `kill -9` does, with its workers."""
        import signal  # not every platform has killpg

        if os.name == "posix":
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()

    def close(self) -> int:
        """Close the window and return the exit code; killed when it does not listen."""
        self.send("close")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(OSError):  # a pipe to a process that has ended
            self.process.stdin.close()
        try:
            code = self.process.wait(self._patience_s)
        except subprocess.TimeoutExpired:
            code = -9
        self.kill()
        self._reader.join()
        self.process.stdout.close()
        self._complaints.close()
        return code

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._complaints.closed:
            self.close()


def why_not(toolkit: str) -> str:
    """Return why a window of a toolkit cannot be driven here; empty when it can."""
    if reason := contenders.missing(toolkit):
        return reason
    if toolkit == "headless":
        return ""
    return problem() or (qt_problem() if toolkit in ("qt", "pyqt6") else "")
