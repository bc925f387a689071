"""The fault server in a process of its own: for figures of the client alone, and for killing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from velvet_http.faults.server import FaultServer
from velvet_http.faults.tls import LocalCA

_START = "import sys; from velvet_http.faults.process import main; main(*sys.argv[1:])"


class ServerProcess:
    """A fault server in a child process, as a context manager.

    Attributes:
        urls: base addresses by kind: `http`, and with `tls` also `https` and `h2`.
        ca_file: what to trust.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self._tls = tls
        self.urls: dict[str, str] = {}
        self.ca_file: str | None = None

    def __enter__(self) -> ServerProcess:
        self._folder = tempfile.TemporaryDirectory(prefix="velvet-http-")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, self._folder.name, str(self._tls)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.__exit__()
            raise OSError("the server process ended before it was ready")
        said = json.loads(line)
        self.urls, self.ca_file = said["urls"], said["ca_file"]
        return self

    def counters(self, kind: str = "http") -> dict[str, int]:
        """Return the counters of one of the servers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{kind}\n")
        self.process.stdin.flush()
        counted: dict[str, int] = json.loads(self.process.stdout.readline())
        return counted

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # the process was killed with a line in the pipe
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._folder.cleanup()


def main(folder: str, tls: str) -> None:
    """Serve until standard input ends."""
    servers = {"http": FaultServer()}
    ca_file = None
    if tls == "True":
        authority = LocalCA(Path(folder))
        ca_file = authority.ca_file
        servers["https"] = FaultServer(tls=authority.issue())
        servers["h2"] = FaultServer(tls=authority.issue(), http2=True)
    for server in servers.values():
        server.__enter__()
    urls = {kind: server.url("") for kind, server in servers.items()}
    _say({"urls": urls, "ca_file": ca_file})
    try:
        for line in sys.stdin:
            _say(vars(servers[line.strip()].counters))
    finally:
        for server in servers.values():
            server.__exit__()


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
