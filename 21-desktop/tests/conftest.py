"""What the tests of this module share: a board, a screen of our own, windows on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from velvet_desktop.core.model import TaskStore, seed
from velvet_desktop.core.viewmodel import Board
from velvet_desktop.display import Screen, problem, virtual_display
from velvet_desktop.windows import Window, why_not


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a board of 300 tasks."""
    store = TaskStore(tmp_path / "board.db")
    seed(store, 300)
    store.close()
    return tmp_path


@pytest.fixture
def board(folder: Path, clock: Clock) -> Iterator[Board]:
    """Return a board whose pages come at once."""
    made = Board(folder, clock=clock, inline=True)
    yield made
    made.close()


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    """Return a virtual screen, or skip with the way to get one."""
    if reason := problem():
        pytest.skip(reason)
    with virtual_display() as made:
        yield made


@pytest.fixture
def window(folder: Path) -> Iterator[Callable[..., Window]]:
    """Return a maker of windows that are ready; skips when the toolkit is not here."""
    made: list[Window] = []

    def make(toolkit: str, screen: Screen | None = None, theme: str = "light") -> Window:
        if reason := why_not(toolkit):
            pytest.skip(reason)
        made.append(Window(toolkit, folder, screen.name if screen else "", theme=theme))
        made[-1].wait_for("ready")
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


def settle(board: Board, done: Callable[[], bool]) -> None:
    """Run frames of a board until something holds; ends by the test's own time limit."""
    import time

    while not done():
        board.frame()
        time.sleep(0.002)
