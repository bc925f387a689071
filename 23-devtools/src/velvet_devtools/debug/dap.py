"""A client of the Debug Adapter Protocol: attach to a running program and stop it where one likes.

The protocol is HTTP-like framing (`Content-Length`, an empty line) around JSON requests, responses
and events. The client has no thread: it reads while it waits, and every wait is bounded. It speaks
to this machine only, because whoever reaches a debugger's port may run any code.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from velvet_devtools import process
from velvet_devtools.errors import DapError

LOOPBACK = "127.0.0.1"
MAX_HEADER, MAX_BODY = 4096, 16 * 1024 * 1024
WAIT_S = 60.0
PAUSE_S = 0.02


@dataclass(frozen=True)
class Breakpoint:
    """Where to stop, and, if wanted, only when an expression is true."""

    line: int
    condition: str = ""


class DapSession:
    """One connection to a debug adapter; a context manager that leaves the program running.

    DapError where nothing answers at that port of this machine within `wait_s`.
    """

    def __init__(self, port: int, *, wait_s: float = WAIT_S) -> None:
        self._sequence = 0
        self._events: deque[dict[str, Any]] = deque()
        self._responses: dict[int, dict[str, Any]] = {}
        self._buffer = b""
        self._thread = 0
        self.wait_s = wait_s
        self._port = port
        self._socket = _connect(port, wait_s)

    def __enter__(self) -> DapSession:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.disconnect()
        except DapError:
            self._socket.close()

    def attach(
        self, breakpoints: Mapping[Path, Sequence[Breakpoint]], *, exceptions: Iterable[str] = ()
    ) -> None:
        """Attach, set breakpoints, and let a program that waits for a client begin.

        `exceptions` are filters such as ``"raised"`` or ``"uncaught"``.
        """
        about = {"adapterID": "debugpy", "clientID": "velvet", "pathFormat": "path"}
        until = time.monotonic() + self.wait_s
        while True:
            try:
                self.request("initialize", about)
                # Its response comes after `configurationDone`, which waits for `initialized`.
                pending = self._send("attach", {"justMyCode": False, "subProcess": False})
                self.wait_for("initialized")
                break
            except DapError:
                # An adapter that listens before its program is there turns the first client away.
                if time.monotonic() > until:
                    raise
                self._socket.close()
                self._buffer = b""
                self._events.clear()  # a "terminated" of that connection would end this one
                self._responses.clear()
                time.sleep(PAUSE_S)
                self._socket = _connect(self._port, self.wait_s)
        for path, points in breakpoints.items():
            self.set_breakpoints(path, points)
        self.request("setExceptionBreakpoints", {"filters": list(exceptions)})
        self.request("configurationDone")
        self._response(pending, "attach")

    def set_breakpoints(self, path: Path, points: Sequence[Breakpoint]) -> None:
        """Replace the breakpoints of a file."""
        words = [asdict(one) if one.condition else {"line": one.line} for one in points]
        self.request("setBreakpoints", {"source": {"path": str(path)}, "breakpoints": words})

    def wait_stopped(self) -> str:
        """Wait until the program stops; return why: breakpoint, exception, step, pause."""
        body = self.wait_for("stopped")
        self._thread = int(body["threadId"])
        return str(body["reason"])

    def stack(self) -> list[dict[str, Any]]:
        """Return the calls of the stopped thread, the innermost first."""
        return list(self.request("stackTrace", {"threadId": self._thread})["stackFrames"])

    def variables(self) -> dict[str, str]:
        """Return the innermost call's variables as text, the adapter's own groups left out."""
        scopes = self.request("scopes", {"frameId": self.stack()[0]["id"]})["scopes"]
        place = scopes[0]["variablesReference"]
        found = self.request("variables", {"variablesReference": place})["variables"]
        return {one["name"]: one["value"] for one in found if "variables" not in one["name"]}

    def evaluate(self, expression: str) -> str:
        """Return an expression's value in the innermost call; DapError where it raises."""
        place = self.stack()[0]["id"]
        options = {"expression": expression, "frameId": place, "context": "repl"}
        return str(self.request("evaluate", options)["result"])

    def step(self, how: Literal["next", "stepIn", "stepOut"] = "next") -> str:
        """Go one line on, into a call, or out of it."""
        self.request(how, {"threadId": self._thread})
        return self.wait_stopped()

    def go_on(self) -> None:
        """Let the stopped program run."""
        self.request("continue", {"threadId": self._thread})

    def disconnect(self) -> None:
        """Say goodbye; the program goes on."""
        self.request("disconnect", {"terminateDebuggee": False, "restart": False})
        self._socket.close()

    # The protocol.

    def request(self, command: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and return the body of its response; DapError when it is refused."""
        return self._response(self._send(command, arguments or {}), command)

    def wait_for(self, event: str) -> dict[str, Any]:
        """Return the body of the next event of a name; DapError when none comes in time."""
        until = time.monotonic() + self.wait_s
        while True:
            for one in list(self._events):
                if one["event"] == event:
                    self._events.remove(one)
                    return dict(one.get("body") or {})
                if one["event"] == "terminated":
                    raise DapError(f"the program ended while {event!r} was waited for")
            self._read(until, event)

    def _send(self, command: str, arguments: Mapping[str, Any]) -> int:
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": command}
        body = json.dumps({**message, "arguments": arguments}).encode("utf-8")
        try:
            self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        except OSError as error:
            raise self._broken(f"{command}: the connection is gone: {error}") from None
        return self._sequence

    def _response(self, sequence: int, command: str) -> dict[str, Any]:
        until = time.monotonic() + self.wait_s
        while sequence not in self._responses:
            self._read(until, command)
        answer = self._responses.pop(sequence)
        if not answer.get("success"):
            raise DapError(f"{command} was refused: {answer.get('message', 'no reason')}")
        return dict(answer.get("body") or {})

    def _read(self, until: float, what: str) -> None:
        """Read one message and put it where it is waited for."""
        while (message := self._message()) is None:
            left = until - time.monotonic()
            if left <= 0:
                raise DapError(f"{what}: no answer within {self.wait_s:g} s")
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise self._broken(f"{what}: the connection broke: {error}") from None
            if not more:
                raise self._broken(f"{what}: the adapter has closed the connection")
            self._buffer += more
        if message["type"] == "event":
            self._events.append(message)
        elif message["type"] == "response":
            self._responses[message["request_seq"]] = message

    def _message(self) -> dict[str, Any] | None:
        """Take one whole message out of the buffer; None while it is not there yet."""
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            if len(self._buffer) > MAX_HEADER:
                raise self._broken("a header without an end")
            return None
        fields = dict(line.partition(b": ")[::2] for line in head.split(b"\r\n"))
        text = fields.get(b"Content-Length", b"")
        if not text.isdigit():
            raise self._broken(f"a message without Content-Length: {head[:80]!r}")
        length = int(text)
        if length > MAX_BODY:
            raise self._broken(f"a message of {length:,} bytes; at most {MAX_BODY:,} are read")
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        try:
            message = json.loads(rest[:length])
            kinds = {"event": "event", "response": "request_seq"}
            if kinds.get(message["type"], "type") not in message:
                raise ValueError("a field is missing")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._broken(f"a message that is no DAP message: {error}") from None
        return dict(message)

    def _broken(self, why: str) -> DapError:
        self._socket.close()
        return DapError(why)


def _connect(port: int, wait_s: float) -> socket.socket:
    until = time.monotonic() + wait_s
    while True:
        try:
            return socket.create_connection((LOOPBACK, port), timeout=wait_s)
        except OSError as error:
            if time.monotonic() > until:
                raise DapError(f"nothing answers at port {port}: {error}") from None
            time.sleep(PAUSE_S)  # the listener is being started, and does not tell when it is there


class Target(NamedTuple):
    """A program that runs under debugpy."""

    child: subprocess.Popen[bytes]
    port: int


def free_port() -> int:
    """Return a port that was free a moment ago; another program may take it first."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def target(words: Sequence[str], *, wait: bool = True, cwd: Path | None = None) -> Iterator[Target]:
    """Run a script (with arguments, or ``-m module``) under debugpy, and end it with the block.

    With `wait` it waits for a client before its first line.
    """
    port = free_port()
    argv = [sys.executable, "-Xfrozen_modules=off", "-m", "debugpy"]
    argv += ["--listen", f"{LOOPBACK}:{port}", *(["--wait-for-client"] if wait else [])]
    env = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONUNBUFFERED": "1"}
    silent = subprocess.DEVNULL
    child = process.start([*argv, *words], cwd, env, stdout=silent, stderr=silent)
    try:
        yield Target(child, port)
    finally:
        process.end(child)


def source_line(path: Path, text: str) -> int:
    """Return the one line of a file that holds a text, for a breakpoint that survives edits."""
    rows = path.read_text(encoding="utf-8").splitlines()
    found = [number for number, row in enumerate(rows, 1) if text in row]
    if len(found) != 1:
        raise ValueError(f"{len(found)} lines of {path.name} hold {text!r}; one must")
    return found[0]
