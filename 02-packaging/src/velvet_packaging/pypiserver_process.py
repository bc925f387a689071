"""pypiserver, a real index, as a child process on a free port of loopback."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from velvet_packaging.errors import BackendMissing, BuildTimeout
from velvet_packaging.programs import clean_env, end_group

START_S = 120.0
MODULE = "pypiserver"
# Ends with its standard input, which the system closes when this process is gone, however it ends.
_UNTIL_ALONE = """import os, runpy, sys, threading
def watch():
    sys.stdin.read()
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


class PypiServerProcess:
    """pypiserver on a folder, without authentication; start it with `with`.

    Raises:
        BackendMissing: it is not installed.
        BuildTimeout: it does not answer.
    """

    token = "whatever-is-sent"  # noqa: S105 - it takes every password

    def __init__(self, root: Path) -> None:
        self.root = root
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0

    def start(self) -> PypiServerProcess:
        """Start it and wait until it answers."""
        self.root.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        words = ("run", "-i", "127.0.0.1", "-p", str(self._port), "-P", ".", "-a", ".")
        self._child = subprocess.Popen(
            [sys.executable, "-c", _UNTIL_ALONE, MODULE, *words, str(self.root)],
            env=clean_env(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        )
        try:
            self._wait(self._child)
        except BaseException:  # Ctrl-C, too: `with` has not begun yet
            self.stop()
            raise
        return self

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_S
        while not self._answers():
            if child.poll() is not None:
                raise BackendMissing("pypiserver did not start: pip install pypiserver")
            if time.monotonic() > until:
                raise BuildTimeout(f"pypiserver did not answer in {START_S:g} s")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/simple/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End it; safe to call twice."""
        if self._child is not None:
            end_group(self._child)
            if self._child.stdin:
                self._child.stdin.close()
            self._child = None

    def __enter__(self) -> PypiServerProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def upload_url(self) -> str:
        """Where files are sent to."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def simple_url(self) -> str:
        """Where installers ask."""
        return f"http://127.0.0.1:{self._port}/simple/"
