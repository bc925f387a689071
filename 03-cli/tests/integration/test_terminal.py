"""A child with one stream on a terminal or a pipe: what is seen, and that nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from velvet_cli import terminal
from velvet_cli.terminal import children_cpu_s, watch

ASKS = "import os, sys; sys.{0}.write(f'{{sys.{0}.isatty()}} {{os.get_terminal_size({1})[0]}}')"
posix = pytest.mark.skipif(sys.platform == "win32", reason="no ConPTY: run on Linux or macOS")


@posix
@pytest.mark.parametrize(("stream", "number"), [("stdout", 1), ("stderr", 2)])
def test_the_watched_stream_is_a_terminal_of_80_columns(stream: str, number: int) -> None:
    argv = [sys.executable, "-c", ASKS.format(stream, number)]

    seen = watch(argv, "pty", env=os.environ, stream=stream)

    assert (seen.code, seen.seen, seen.answer) == (0, b"True 80", b"")


def test_the_other_stream_and_the_input_are_pipes() -> None:
    source = "import sys; sys.stderr.write(sys.stdin.read()); sys.stdout.write('data')"

    seen = watch([sys.executable, "-c", source], "pipe", env=os.environ, stdin=b"asked")

    assert (seen.code, seen.seen, seen.answer) == (0, b"data", b"asked")


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "LIMIT_S", 0.2)

    with pytest.raises(subprocess.TimeoutExpired):
        watch([sys.executable, "-c", "import time; time.sleep(60)"], "pipe", env=os.environ)


def test_a_program_that_does_not_exist_leaves_no_descriptor() -> None:
    before = os.pipe()
    for end in before:
        os.close(end)

    with pytest.raises(OSError, match="no-such-program"):
        watch(["no-such-program"], "pipe", env=os.environ)

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
