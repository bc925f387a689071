"""A child process that takes orders over its standard input and cannot outlive its parent.

Servers are measured from another process, or their CPU time and memory would be counted as the
client's. Both sides of the arrangement live here: the parent starts `python -m module`, reads one
JSON line when the child is ready, and exchanges one line an order; the child ends at the end of
its input, which the operating system delivers even when the parent was killed. No signal, no
fork and no named file is involved, so Windows behaves the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

Message: TypeAlias = dict[str, Any]
_READ_BYTES = 4096
_PATIENCE = 5.0  # seconds to end in after the end of input, before force is used


class ChildError(RuntimeError):
    """The child did not start, died, or did not answer in time."""


class Child:
    """A running `python -m module` and the pipe to it.

    Args:
        module: what to run; it has to call `obey_parent`.
        arguments: of its command line.
        ready_within: seconds until its first line has to be there; imports on a loaded machine
            take seconds.

    Raises:
        ChildError: it ended, or stayed silent, before it was ready. Its own error is on stderr.

    Thread-safe: one order at a time. Must be closed.
    """

    def __init__(self, module: str, *arguments: str, ready_within: float = 30.0) -> None:
        self._module = module
        self._turn = threading.Lock()
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._answers = self._process.stdin, self._process.stdout
        try:
            self.greeting = self._receive(ready_within)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def ask(self, order: Message, *, within: float = 10.0) -> Message:
        """Send one order and wait for its answer, at most `within` seconds.

        Raises:
            ChildError: the child is gone, or did not answer; it is killed in that case, since
                the next line it wrote would be taken for the answer to another order.
        """
        with self._turn:
            try:
                self._orders.write(json.dumps(order).encode() + b"\n")
                self._orders.flush()
            except (OSError, ValueError) as error:  # ValueError: the pipe has been closed
                raise ChildError(f"{self._module} is not running") from error
            return self._receive(within)

    def _receive(self, within: float) -> Message:
        # A pipe cannot be read with a timeout everywhere; killing the writer ends the read.
        watchdog = threading.Timer(within, self._process.kill)
        watchdog.start()
        try:
            line = self._answers.readline()
        finally:
            watchdog.cancel()
            watchdog.join()
        if not line:
            code = self._process.wait()
            raise ChildError(
                f"{self._module} ended with exit code {code} or gave no answer in {within:g} s"
            )
        answer: Message = json.loads(line)
        return answer

    def close(self) -> None:
        """End the child: end of input, then by force. Idempotent; a fork only closes its own ends."""
        with contextlib.suppress(OSError):  # it may have died with an order in the pipe
            self._orders.close()
        if os.getpid() == self._owner:
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._answers.close()


async def obey_parent(
    handle: Callable[[Message], Awaitable[Message]],
    greeting: Message,
    *,
    source: int = 0,
    sink: int = 1,
) -> None:
    """Greet the parent, then answer its orders until its end of the pipe is closed.

    Args:
        handle: returns the answer to one order.
        greeting: the first line, sent when everything is ready.
        source: file descriptor of the orders. A thread reads it, because the Windows event loop
            cannot watch an ordinary pipe; with `os.read`, because a thread inside a buffered read
            at exit aborts the interpreter.
        sink: file descriptor of the answers.
    """
    loop = asyncio.get_running_loop()
    orders: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        rest = b""
        with contextlib.suppress(RuntimeError):  # the loop was closed first
            while chunk := os.read(source, _READ_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    loop.call_soon_threadsafe(orders.put_nowait, line)
            loop.call_soon_threadsafe(orders.put_nowait, None)

    threading.Thread(target=read, name="parent-pipe", daemon=True).start()
    # A parent that is gone cannot be answered, and that is no error of ours.
    with contextlib.suppress(BrokenPipeError):
        os.write(sink, json.dumps(greeting).encode() + b"\n")
        while (line := await orders.get()) is not None:
            answer = await handle(json.loads(line))
            os.write(sink, json.dumps(answer).encode() + b"\n")
