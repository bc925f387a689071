"""Real server processes on the loopback, and a load that comes from another process.

A client in the server's process shares its lock and its clock, and understates the server. So the
server is `uvicorn` as an operator starts it, and the load is a program of its own, `loadgen`.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from velvet.services.ladder import free_port
from velvet_ml.serving.app import VARIABLE, Settings

HOST = "127.0.0.1"
START_S, STOP_S, TRIES = 180.0, 30.0, 3


class ServerFailed(RuntimeError):
    """The server ended, or did not answer in time; the message has the end of its log."""


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        """Return the JSON of a GET."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ServerFailed(f"GET {path}: {response.status} {body[:200]!r}")
        return json.loads(body) if body.startswith((b"{", b"[")) else body.decode()


@contextmanager
def serve(settings: Settings, *, workers: int = 1) -> Iterator[Server]:
    """Run the service on a free port until the block ends; nothing is left behind.

    Raises:
        ServerFailed: it did not come up in three tries.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "server.log"
        server = _started(settings, workers, log)
        try:
            yield server
        finally:
            stop_tree(server.process)


def _started(settings: Settings, workers: int, log: Path) -> Server:
    """Start on a port that was free a moment ago; where another program took it, on the next."""
    for attempt in range(TRIES):
        port = free_port()
        words = ["-m", "uvicorn", "--factory", "velvet_ml.serving.app:from_environment"]
        words += ["--host", HOST, "--port", str(port), "--workers", str(workers)]
        words += ["--log-level", "warning", "--no-access-log"]
        # One thread a worker, as for a graph: more would only compete with the other workers.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", VARIABLE: settings.to_json()}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *words], stdout=out, stderr=subprocess.STDOUT, env=environment
            )
        server = Server(port, process)
        try:
            _wait_until_ready(server)
            return server
        except ServerFailed as error:
            stop_tree(process)
            if attempt + 1 == TRIES:
                said = log.read_text(encoding="utf-8", errors="replace")[-800:]
                raise ServerFailed(f"{error}; its log ends with: {said}") from None
        except BaseException:
            stop_tree(process)
            raise
    raise AssertionError("unreachable")


def _wait_until_ready(server: Server) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if server.process.poll() is not None:
            raise ServerFailed(f"uvicorn ended with {server.process.returncode}")
        with suppress(OSError, http.client.HTTPException, ServerFailed):
            server.get("/readyz")
            return
        time.sleep(0.05)
    raise ServerFailed(f"no answer within {START_S:.0f} s")


def stop_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process with its children: first as an operator does, then for certain."""
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(family, timeout=STOP_S)


@dataclass(frozen=True)
class Load:
    """What a load from another process saw.

    Attributes:
        acknowledged: the ids that were answered.
        retries: requests that were sent again after a broken connection.
        shed: answers of 503.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    acknowledged: tuple[str, ...]
    retries: int
    shed: int
    failed: int


class LoadRun:
    """A running load; `wait` returns what it saw."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait_for_first(self) -> None:
        """Return when a tenth of the requests was answered."""
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def wait(self, timeout: float = 900.0) -> Load:
        """Return the result of the load; a load that does not end is killed and raises."""
        try:
            out, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise ServerFailed(f"the load did not end within {timeout:.0f} s") from None
        if self._process.returncode:
            raise ServerFailed(f"the load ended with {self._process.returncode}")
        told = json.loads(out.splitlines()[-1])
        return Load(**{**told, "acknowledged": tuple(told["acknowledged"])})


def start_load(
    port: int, rows: list[dict[str, Any]], *, requests: int, concurrency: int
) -> LoadRun:
    """Start a load: `requests` in all over `concurrency` connections."""
    about = {"port": port, "rows": rows, "requests": requests, "concurrency": concurrency}
    process = subprocess.Popen(
        [sys.executable, "-m", "velvet_ml.serving.loadgen"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(about).encode() + b"\n")
    process.stdin.flush()
    return LoadRun(process)
