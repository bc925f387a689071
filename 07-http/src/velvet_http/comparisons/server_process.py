"""The fault server in a process of its own: for figures of the client alone, and for killing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from velvet_http.comparisons.h2server import H2Server
from velvet_http.faults import FaultServer, LocalCA

_START = "import sys; from velvet_http.comparisons.server_process import main; main(*sys.argv[1:])"


class ServerProcess:
    """A fault server in a child process; `urls` has `http`, and with `tls` also `https` and `h2`."""

    def __init__(self, *, tls: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="velvet-http-")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, self._folder.name, str(tls)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        said = json.loads(self._heard())
        self.urls: dict[str, str] = said["urls"]
        self.ca_file: str | None = said["ca_file"]

    def counters(self, kind: str = "http") -> dict[str, int]:
        """Return the counters of one of the servers."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{kind}\n")
        self.process.stdin.flush()
        counted: dict[str, int] = json.loads(self._heard())
        return counted

    def _heard(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.__exit__()
            raise OSError("the server process ended before it answered")
        return line

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # it was killed with a line in the pipe
                if pipe is not None:
                    pipe.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._folder.cleanup()


def main(folder: str, tls: str) -> None:
    """Serve until standard input ends, and answer each line with a server's counters."""
    servers = {"http": FaultServer()}
    authority = LocalCA(Path(folder)) if tls == "True" else None
    if authority is not None:
        servers["https"] = FaultServer(tls=authority.issue())
        servers["h2"] = H2Server(tls=authority.issue())
    with contextlib.ExitStack() as stack:
        urls = {kind: stack.enter_context(server).url("") for kind, server in servers.items()}
        _say({"urls": urls, "ca_file": authority and authority.ca_file})
        for line in sys.stdin:
            _say(vars(servers[line.strip()].counters))


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
