"""What every test of this module shares: a folder of its own, the front ends, one process for many."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from velvet_cli import contenders
from velvet_cli.comparisons.running import Result, clean_environment, invoke, run_process
from velvet_cli.contract import ParsedCall

PASSWORDS = "hunter[23]"  # of these tests: `velvet.passwords` fails a test that shows one
Run = Callable[..., Result]


def _needs(name: str) -> Any:
    reason = f"{name} is not installed (pip install {name})"
    return pytest.param(name, marks=pytest.mark.skipif(not contenders.version(name), reason=reason))


@pytest.fixture(params=[_needs(name) for name in contenders.NAMES])
def front(request: pytest.FixtureRequest) -> str:
    """Each of the front ends that is installed, one after the other."""
    return str(request.param)


@pytest.fixture
def tasks(front: str, tmp_path: Path) -> Run:
    """Run the front end in the test's folder: in this process, or as ``mode="subprocess"``."""

    def run(*argv: str, mode: Any = "inprocess", **options: Any) -> Result:
        return invoke(front, argv, mode, folder=tmp_path, **options)

    return run


@pytest.fixture(scope="module")
def warm() -> Iterator[Run]:
    """Run a front end's command line in a fork of one process that has loaded them all.

    Windows has no forks: there it is a process from the beginning.
    """

    def cold(
        name: str,
        argv: Sequence[str],
        *,
        hardened: bool = True,
        env: Mapping[str, str],
        folder: Path,
        stdin: str = "",
    ) -> Result:
        words = contenders.words(name, *argv, hardened=hardened)
        return run_process(words, env=env, folder=folder, stdin=stdin)

    if sys.platform == "win32":
        yield cold
        return
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as wires:
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("warm.py"))],
            env=clean_environment(Path(wires)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert server.stdin is not None
        assert server.stdout is not None

        def run(
            name: str,
            argv: Sequence[str],
            *,
            hardened: bool = True,
            env: Mapping[str, str],
            folder: Path,
            stdin: str = "",
        ) -> Result:
            form = "" if hardened else contenders.RAW
            asked = {"name": form + name, "argv": list(argv), "env": dict(env)}
            with lock:
                Path(wires, "stdin").write_text(stdin, encoding="utf-8")
                request = json.dumps({**asked, "folder": str(folder), "wires": wires})
                server.stdin.write(request + "\n")
                server.stdin.flush()
                code = int(server.stdout.readline())
                told = (Path(wires, one).read_text("utf-8") for one in ("stdout", "stderr"))
                return Result(code, *told)

        try:
            yield run
        finally:
            server.stdin.close()
            server.wait()
            server.stdout.close()


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Return what the store of the test's folder holds."""

    def read() -> list[dict[str, Any]]:
        path = tmp_path / "tasks.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return read


class Parsed(NamedTuple):
    """What a front end understood: a call, or the exit code of help and version."""

    call: ParsedCall | None
    code: int


@pytest.fixture(scope="session")
def parse() -> Callable[..., Parsed]:
    """Return what a hardened front end understands, without doing it."""

    def parsed(name: str, argv: Sequence[str]) -> Parsed:
        calls: list[ParsedCall] = []
        try:
            code = contenders.load(name).call(list(argv), lambda call: bool(calls.append(call)))
        except SystemExit as end:
            code = int(end.code or 0)
        return Parsed(calls[-1] if calls else None, code)

    return parsed


@pytest.fixture(scope="session", autouse=True)
def _hears_ctrl_c() -> None:
    """Hear Ctrl-C also where the run was started in the background, with SIGINT ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder, without a configuration of the machine's own."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("TASKS_", "XDG_")):
            monkeypatch.delenv(name)
