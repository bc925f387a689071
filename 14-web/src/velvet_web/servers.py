"""Start the servers that people really use, as processes of their own, and end them for certain.

A server is described by the command that an operator would type. `serve` runs it on a free port
of 127.0.0.1, waits until it answers `/readyz`, and leaves no process behind: first the signal that
an orchestrator sends, then, after its patience, the kill.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import psutil

from velvet.services.ladder import free_port
from velvet_web.entry import APP_VARIABLE
from velvet_web.settings import Settings

HOST = "127.0.0.1"
TARGET = "velvet_web.entry:app"
START_SECONDS = 30.0
STOP_SECONDS = 15.0
GRACE_SECONDS = 10
START_TRIES = 3
# Elsewhere the group of its parent: what ends a whole group ends the server, too.
NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class ServerFailed(RuntimeError):
    """A server ended, or did not answer in time; the message has the end of its log."""


@dataclass(frozen=True)
class ServerSpec:
    """A server: the interface that it speaks and the words of the command that starts it."""

    name: str
    interface: str
    package: str
    words: Sequence[str]
    posix_only: bool = False

    def command(self, port: int, workers: int = 1, threads: int = 4) -> list[str]:
        """Return the command line for a number of processes, and of threads where it has them."""
        values = {"port": port, "workers": workers, "threads": threads}
        filled = (word.format(**values, loop=FAST_LOOP, grace=GRACE_SECONDS) for word in self.words)
        return [sys.executable, "-m", self.package, *filled, TARGET]

    @property
    def missing(self) -> str:
        """Why the server cannot run here; empty when it can."""
        if self.posix_only and sys.platform == "win32":
            return f"{self.name} needs fork, which Windows has not"
        if importlib.util.find_spec(self.package) is None:
            return f"{self.package} is not installed; pip install {self.package}"
        return ""


FAST_LOOP = "asyncio" if sys.platform == "win32" else "uvloop"


@functools.cache
def servers() -> dict[str, ServerSpec]:
    """Return all servers by name, as `servers.json` describes them."""
    text = files("velvet_web").joinpath("servers.json").read_text(encoding="utf-8")
    return {name: ServerSpec(name, **spec) for name, spec in json.loads(text).items()}


def usual_server(interface: str) -> str:
    """Return the server that a front end of this interface is measured on."""
    if interface == "asgi":
        return "uvicorn"
    return "waitress" if sys.platform == "win32" else "gunicorn"


@dataclass
class Running:
    """A server process that answers."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    def tree(self) -> list[psutil.Process]:
        """Return the process and all its descendants that live."""
        try:
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        """Return the CPU time of the tree so far."""
        return self._sum(lambda process: sum(process.cpu_times()[:2]))

    def rss_bytes(self) -> int:
        """Return the resident memory of the tree; shared pages count in each process."""
        return int(self._sum(lambda process: process.memory_info().rss))

    def _sum(self, figure: Callable[[psutil.Process], float]) -> float:
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += figure(process)
        return total

    def terminate(self) -> None:
        """Send what an orchestrator sends: SIGTERM, or CTRL_BREAK_EVENT on Windows."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self.process.terminate()

    def stop(self, patience: float = STOP_SECONDS) -> float:
        """End the server and all its descendants; return the seconds until it was gone."""
        began = time.monotonic()
        tree = self.tree()
        if self.process.poll() is None:
            self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(tree, timeout=5)
        return time.monotonic() - began


def answers(port: int, path: str = "/readyz") -> bool:
    """Tell whether a server answers a path with success."""
    with (
        contextlib.suppress(OSError, http.client.HTTPException),
        contextlib.closing(http.client.HTTPConnection(HOST, port, timeout=2)) as connection,
    ):
        connection.request("GET", path)
        return connection.getresponse().status < 400
    return False


@contextlib.contextmanager
def serve(
    app: str,
    server: str,
    settings: Settings | None = None,
    *,
    workers: int = 1,
    threads: int = 4,
    command: Callable[[int], list[str]] | None = None,
) -> Iterator[Running]:
    """Run an application on a server until the block ends.

    Args:
        app: a contender, `django_asgi`, or a name of the lab.
        server: one of `servers()`.
        settings: without them, a SQLite file in a temporary folder.
        command: replaces the server's own command line, for a production configuration.

    Raises:
        ServerFailed: it is missing, ended, or did not answer within 30 s.
    """
    spec = servers()[server]
    if spec.missing:
        raise ServerFailed(spec.missing)
    with tempfile.TemporaryDirectory(prefix="velvet-web-", ignore_cleanup_errors=True) as folder:
        chosen = settings or Settings(dsn=str(Path(folder) / "board.db"))
        environ = {**os.environ, **chosen.to_env(), APP_VARIABLE: app}
        make = command or (lambda port: spec.command(port, workers, threads))
        running = _start(make, environ, Path(folder))
        try:
            yield running
        finally:
            running.stop()


def _start(command: Callable[[int], list[str]], environ: dict[str, str], folder: Path) -> Running:
    """Start a server; a port that was taken in the meantime is tried again with another."""
    failure = ""
    for _ in range(START_TRIES):
        port, began = free_port(), time.monotonic()
        log = folder / "server.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port), env=environ, stdout=output, stderr=output, creationflags=NEW_GROUP
            )
        running = Running(f"http://{HOST}:{port}", port, process, 0.0)
        try:
            while process.poll() is None and time.monotonic() - began < START_SECONDS:
                if answers(port):
                    running.start_seconds = time.monotonic() - began
                    return running
                time.sleep(0.01)
        except BaseException:
            running.stop(0)
            raise
        running.stop(0)
        failure = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        if "in use" not in failure.lower():
            break
    raise ServerFailed(f"the server did not answer: {failure.strip() or 'it wrote nothing'}")
