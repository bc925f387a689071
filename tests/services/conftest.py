"""A private temporary folder for every test of the services, which must be empty at its end."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import socketserver
import stat
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# By name, because a test may replace the function while it runs.
from shutil import rmtree
from typing import Any

import psutil
import pytest

import velvet
from velvet.services import KINDS, ladder

if os.name == "posix":
    import pwd

PATIENCE_S = 20.0
# The folder with what a Python of the user nobody needs; no server made it.
ORDINARY = "ordinary"


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether a condition becomes true before our patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _mentions(process: psutil.Process, folder: str) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if any(folder in word for word in process.cmdline()):
            return True
        return process.cwd().startswith(folder) or folder in process.environ().get("TMPDIR", "")
    return False


@dataclass(frozen=True)
class Lab:
    """The temporary folder of one test, and what is still in it or runs in it."""

    folder: Path
    began: float

    def processes(self) -> list[str]:
        """Return the command lines of the servers and guards that belong to this test."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                young = process.create_time() >= self.began - 1
                if young and process.pid != os.getpid() and _mentions(process, str(self.folder)):
                    found.append(" ".join(process.cmdline())[:120])
        return found

    def files(self) -> list[str]:
        """Return what lies in the folder: data folders, sockets, state files."""
        state_folders = list(self.folder.glob("velvet-services-*"))
        return sorted(
            str(path.relative_to(self.folder))
            for path in (*self.folder.iterdir(), *(p for f in state_folders for p in f.iterdir()))
            if path not in state_folders and path.name != ORDINARY
        )

    def left(self) -> list[str]:
        """Return everything that a server of ours must not leave behind."""
        return [*self.processes(), *self.files()]

    def is_clean(self) -> bool:
        """Whether nothing is left, or soon will be."""
        return eventually(lambda: not self.left())


@pytest.fixture(autouse=True)
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    # Pinned first, so that pytest's own folders do not move into ours.
    tmp_path_factory.getbasetemp()
    # Short for the sake of Unix sockets, open so that a server may run as another user.
    base = "/tmp" if os.name == "posix" else None
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir=base)).resolve()
    folder.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, str(folder))
    for kind in KINDS:
        monkeypatch.delenv(f"VELVET_{kind.upper()}_URL", raising=False)
    here = Lab(folder, time.time())

    yield here

    left = [] if here.is_clean() else here.left()
    rmtree(folder, ignore_errors=True)
    assert not left, f"left behind: {left}"


@pytest.fixture
def soon() -> Callable[[Callable[[], bool]], bool]:
    """Waits, with a bound, for what another process does."""
    return eventually


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rungs give up after a moment."""
    monkeypatch.setattr(ladder, "RUNG_SECONDS", 0.3)


class _Answering(socketserver.ThreadingTCPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    answer: bytes

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.questions: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Answering)
        self.server.questions.append(self.request.recv(65536))
        self.request.sendall(self.server.answer)


@dataclass
class Fake:
    """A server in this process that gives one answer to everything."""

    port: int
    questions: list[bytes] = field(default_factory=list)


@pytest.fixture
def fake() -> Iterator[Callable[[bytes], Fake]]:
    running = []

    def start(answer: bytes) -> Fake:
        server = _Answering(answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return Fake(server.server_address[1], server.questions)

    yield start

    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.fixture
def build_info() -> Callable[[str], bytes]:
    """MongoDB's answer to `buildInfo`: one OP_MSG with a document that holds the version."""

    def answer(version: str) -> bytes:
        value = version.encode()
        fields = b"\x02version\0" + struct.pack("<i", len(value) + 1) + value + b"\0"
        fields += b"\x01ok\0" + struct.pack("<d", 1.0)
        document = struct.pack("<i", len(fields) + 5) + fields + b"\0"
        body = struct.pack("<I", 0) + b"\0" + document
        return struct.pack("<iiii", 16 + len(body), 7, 1, 2013) + body

    return answer


@dataclass(frozen=True)
class Programs:
    """A folder at the front of PATH in which a test puts programs."""

    folder: Path

    def add(self, name: str, source: str) -> Path:
        """Put a Python program there under the given name."""
        script = self.folder / f"{name}.py"
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        starter = self.folder / name
        text = f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n'
        starter.write_text(text, encoding="utf-8")
        starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
        return starter


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """The only programs there are, apart from the shell's."""
    if os.name != "posix":
        pytest.skip("the fake programs are shell scripts")
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("PGBIN", raising=False)
    return Programs(folder)


FAKE_MONGOD = """
    import socket, struct, sys

    words = sys.argv[1:]
    port = int(words[words.index("--port") + 1])
    value = b"6.0.99"
    fields = b"\\x02version\\0" + struct.pack("<i", len(value) + 1) + value + b"\\0"
    document = struct.pack("<i", len(fields) + 5) + fields + b"\\0"
    body = struct.pack("<I", 0) + b"\\0" + document
    answer = struct.pack("<iiii", 16 + len(body), 1, 0, 2013) + body
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
"""


@pytest.fixture
def mongod(programs: Programs) -> Path:
    """A `mongod` on the PATH that answers `buildInfo` and nothing else."""
    return programs.add("mongod", FAKE_MONGOD)


# Keeps one process per project; a container's server is the fake mongod.
FAKE_DOCKER = """
    import json, os, pathlib, signal, subprocess, sys

    here = pathlib.Path(__file__).parent
    words = sys.argv[1:]
    with (here / "docker.log").open("a") as log:
        log.write(json.dumps(words) + "\\n")
    if (here / "broken").exists() and (here / "broken").read_text() in words:
        sys.exit("first line\\nthe engine is on fire")
    if words[0] != "compose":
        sys.exit(print("99.0"))
    project = here / (words[words.index("-p") + 1] + ".pid")
    if "up" in words and not project.exists():
        port = os.environ["VELVET_MONGODB_PORT"]
        server = subprocess.Popen(
            [str(here / "mongod"), "--port", port],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        project.write_text(str(server.pid))
    if ("kill" in words or "down" in words) and project.exists():
        os.kill(int(project.read_text()), signal.SIGKILL)
        project.unlink()
"""


@dataclass(frozen=True)
class Engine:
    """A fake container engine: what it was told, and how to break it."""

    folder: Path

    def calls(self) -> list[list[str]]:
        """Return the words of every call."""
        log = self.folder / "docker.log"
        text = log.read_text(encoding="utf-8") if log.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def fails_at(self, word: str) -> None:
        """Make every call with this word fail."""
        (self.folder / "broken").write_text(word, encoding="utf-8")

    def containers(self) -> list[str]:
        """Return the projects that run."""
        return [path.stem for path in self.folder.glob("velvet-*.pid")]


@pytest.fixture
def engine(programs: Programs, mongod: Path) -> Engine:
    programs.add("docker", FAKE_DOCKER)
    return Engine(programs.folder)


OWNER = """
import json, sys
from velvet import services

kind, rung = sys.argv[1:3]
with getattr(services, kind)(private=True, rung=rung) as server:
    facts = {"url": server.url, "pid": server.pid, "folder": str(server.folder)}
    print(json.dumps({**facts, "version": server.version}), flush=True)
    sys.stdin.readline()
"""


@dataclass
class Owner:
    """A process that holds a server until it is told to end, or killed."""

    process: subprocess.Popen[str]
    server: dict[str, Any]


@pytest.fixture
def owner() -> Iterator[Callable[..., Owner]]:
    """Starts a process that opens a private server and waits; ready when it said so."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str, rung: str, *, python: str = sys.executable, **options: Any) -> Owner:
        process = subprocess.Popen(
            [python, "-c", OWNER, kind, rung],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the owner did not get ready: {process.communicate()[1]}")
        return Owner(process, json.loads(line))

    yield start

    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def ordinary(lab: Lab) -> Callable[[str], dict[str, Any]]:
    """Returns what makes `owner` run as the user nobody; skips where that cannot be."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can start a child as another user")
    places = lab.folder / ORDINARY
    places.mkdir()
    # redis-py wants this for its asynchronous client on Pythons before 3.11.3; unused here.
    (places / "async_timeout.py").write_text("timeout = None\n", encoding="utf-8")

    def find(client: str) -> dict[str, Any]:
        found = importlib.util.find_spec(client)
        if found is None or found.origin is None:
            pytest.skip(f"{client} is not installed")
        origins = (velvet.__file__, found.origin)
        folders = [str(Path(origin).parents[1]) for origin in origins]
        options: dict[str, Any] = {
            "env": {
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": "/",
                "TMPDIR": str(lab.folder),
                # As sudo may leave it: the name of the user that we are not.
                "USER": "root",
                "LOGNAME": "root",
                "PYTHONPATH": os.pathsep.join([*folders, str(places)]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            "cwd": "/",
            "user": "nobody",
            "group": pwd.getpwnam("nobody").pw_gid,
            "extra_groups": [],
        }
        for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
            words = [python, "-c", f"import {client}, velvet.services"]
            with contextlib.suppress(OSError):
                if (
                    subprocess.run(words, check=False, capture_output=True, **options).returncode
                    == 0
                ):
                    return {"python": python, **options}
        pytest.skip(f"no Python here lets the user nobody import {client} and the toolkit")

    return find
