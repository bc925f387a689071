"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked, writable
from velvet_desktop.core import model, observable, settings, undo

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"


def a_file(folder: Path) -> Path:
    (folder / "a").write_text("old", encoding="utf-8")
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_text(encoding="utf-8") in ("old", "new")


def is_free(board: model.TaskStore) -> bool:
    return unlocked(board._writing) and unlocked(board._reading) and writable(board.path)


class TestResources(ResourceTests):
    resources = (
        Resource(
            "core.model.TaskStore",
            lambda folder: model.TaskStore(folder / "board.db"),
            use=lambda board: at_once(lambda: board.put(model.Task(0, "paint"))),
            free=is_free,
            elsewhere={"child": FORK},
        ),
        Resource(
            "core.observable.batch",
            lambda _: None,
            use=lambda _: observable.batch(),
            free=lambda _: observable._waiting == [],
        ),
        Resource(
            "core.undo.UndoStack.macro",
            lambda _: undo.UndoStack(5),
            use=lambda stack: stack.macro("several"),
            free=lambda stack: stack._macro is None,
        ),
        Resource(
            "core.settings.replace_file",
            a_file,
            use=lambda path: at_once(lambda: settings.replace_file(path, "new")),
            free=is_whole,
        ),
    )
    excepted = {
        "display": "a screen in a process; tests/integration/test_windows.py",
        "windows": "a window in a process; tests/integration/test_windows.py",
    }
