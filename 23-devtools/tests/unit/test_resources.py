"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, writable
from velvet_devtools import codemods, nav

FORK = "a connection of SQLite is not carried into a forked child, says its documentation"


def a_file(folder: Path) -> Path:
    (folder / "a.py").write_bytes(b"old = 1\n")
    return folder / "a.py"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() in (b"old = 1\n", b"new = 1\n")


class TestResources(ResourceTests):
    resources = (
        Resource(
            "codemods.atomic_write",
            a_file,
            use=lambda path: at_once(lambda: codemods.atomic_write(path, b"new = 1\n")),
            free=is_whole,
        ),
        Resource(
            "nav.Index",
            a_file,
            use=lambda path: nav.Index(path.parent, path.parent.parent / "cache.db"),
            free=lambda path: writable(path.parent.parent / "cache.db"),
            steps=10,
            elsewhere={"child": FORK, "thread": "a connection of SQLite belongs to its thread"},
        ),
    )
    excepted = {
        "debug.dap": "attaches to a process; tests/integration/test_live.py",
        "debug.recorder.Recorder": "takes the tracing by which interrupts are injected",
        "ide.vscode": "starts a process; tests/integration/test_live.py",
    }
