"""Progress bars on a real terminal and a real pipe: what arrives at the other end."""

from __future__ import annotations

import os
import sys

import pytest

from velvet_cli.comparisons.bars import BARS
from velvet_cli.comparisons.progress import BARE, Lap, lap

ENV = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI")}
needs_pty = pytest.mark.skipif(
    sys.platform == "win32", reason="the standard library opens no ConPTY: run on Linux or macOS"
)


def run(bar: str, place: str, items: int = 2000) -> Lap:
    found = lap(bar, place, items, env=ENV)
    assert found.cpu_ns >= 0
    assert found.wall_ns > 0
    return found


@needs_pty
@pytest.mark.parametrize("bar", [name for name in BARS if name != "null"])
def test_a_terminal_sees_every_bar_come_to_its_end(bar: str) -> None:
    found = run(bar, "pty")

    assert found.written > 20
    assert "100%" in found.shown


@needs_pty
def test_nothing_is_drawn_where_there_is_no_bar() -> None:
    assert [run(bar, "pty").written for bar in (BARE, "null")] == [0, 0]


@pytest.mark.parametrize(
    ("bar", "lines"), [("throttled", range(3, 12)), ("click", range(3)), ("null", range(1))]
)
def test_a_pipe_gets_lines_and_no_carriage_returns(bar: str, lines: range) -> None:
    found = run(bar, "pipe")

    assert found.written <= 80 * lines.stop
    assert "\r" not in found.shown


def test_the_naive_bar_writes_to_a_pipe_as_if_somebody_watched() -> None:
    assert run("naive", "pipe").written > 2000 * 10


def test_a_lap_whose_child_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"the lap of null ended with \d+: .*"):
        lap("null", "pipe", 1, env={**ENV, "PYTHONPATH": "", "PYTHONHOME": os.devnull})
