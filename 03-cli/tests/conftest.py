"""What every test of this module shares: a folder of its own, the four front ends, a leak check.

A command-line tool leaves processes, descriptors and half-written files behind when it is
wrong, so each test is compared with the state before it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from velvet_cli.frontends import NAMES, Frontend
from velvet_cli.harness import Result, invoke

_ME = psutil.Process()
SETTLING_SECONDS = 3.0


def _needs(name: str) -> Any:
    found = Frontend(name).available()
    reason = f"{name} is not installed ({found.remedy})"
    return pytest.param(name, marks=pytest.mark.skipif(not found, reason=reason))


@pytest.fixture(params=[_needs(name) for name in NAMES])
def front(request: pytest.FixtureRequest) -> str:
    """Each of the four front ends that is installed, one after the other."""
    return str(request.param)


@pytest.fixture
def tasks(front: str, tmp_path: Path) -> Callable[..., Result]:
    """Run the front end in the test's folder: in this process, or as ``mode="subprocess"``."""

    def run(*argv: str, mode: Any = "inprocess", **options: Any) -> Result:
        return invoke(front, argv, mode, folder=tmp_path, **options)

    return run


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Return what the store of the test's folder holds."""

    def read() -> list[dict[str, Any]]:
        path = tmp_path / "tasks.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return read


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


def _children() -> list[psutil.Process]:
    if sys.platform == "linux":
        # To have none is the rule, and a question to the kernel is cheaper than all of /proc.
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return []
    return _ME.children()


@pytest.fixture(autouse=True)
def _no_process_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a child process is left."""
    before = {child.pid for child in _children()}
    yield
    new = [child for child in _children() if child.pid not in before]
    _, alive = psutil.wait_procs(new, timeout=SETTLING_SECONDS)
    assert not alive, f"left behind by {request.node.name}: {alive}"
