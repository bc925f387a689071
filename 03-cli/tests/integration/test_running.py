"""A child with one stream on a terminal or a pipe: what is seen, and that nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from velvet_cli.comparisons import running
from velvet_cli.comparisons.probe import children_cpu_s
from velvet_cli.comparisons.running import run_on_pty

ASKS = "import os, sys; sys.{0}.write(f'{{sys.{0}.isatty()}} {{os.get_terminal_size({1})[0]}}')"
posix = pytest.mark.skipif(sys.platform == "win32", reason="no ConPTY: run on Linux or macOS")


@pytest.fixture
def where(tmp_path: Path) -> dict[str, Any]:
    return {"env": os.environ, "folder": tmp_path}


@posix
@pytest.mark.parametrize(("stream", "number"), [("stdout", 1), ("stderr", 2)])
def test_the_watched_stream_is_a_terminal_of_80_columns(
    stream: str, number: int, where: dict[str, Any]
) -> None:
    argv = [sys.executable, "-c", ASKS.format(stream, number)]

    found = run_on_pty(argv, streams=[stream], **where)

    assert (found.exit, found.tty, found.err) == (0, b"True 80", "")


def test_the_other_stream_and_the_input_are_pipes(where: dict[str, Any]) -> None:
    source = "import sys; sys.stderr.write(sys.stdin.read()); sys.stdout.write('data')"

    argv = [sys.executable, "-c", source]
    found = run_on_pty(argv, place="pipe", streams=["stdout"], stdin="asked", **where)

    assert (found.exit, found.tty, found.err) == (0, b"data", "asked")


def test_a_child_that_hangs_is_killed(
    monkeypatch: pytest.MonkeyPatch, where: dict[str, Any]
) -> None:
    monkeypatch.setattr(running, "PATIENCE_S", 0.2)

    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(subprocess.TimeoutExpired):
        run_on_pty(argv, place="pipe", streams=["stdout"], **where)


def test_a_program_that_does_not_exist_leaves_no_descriptor(where: dict[str, Any]) -> None:
    before = os.pipe()
    for end in before:
        os.close(end)

    with pytest.raises(OSError, match="no-such-program"):
        run_on_pty(["no-such-program"], place="pipe", **where)

    after = os.pipe()
    for end in after:
        os.close(end)
    assert after == before


def test_the_time_of_children_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    before = children_cpu_s()
    subprocess.run([sys.executable, "-c", "sum(range(10**6))"], check=True)

    if sys.platform != "win32":
        assert children_cpu_s() > before
    monkeypatch.setitem(sys.modules, "resource", None)
    assert children_cpu_s() >= 0.0
