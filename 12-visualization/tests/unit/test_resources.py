"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_visualization import export


def a_file(folder: Path) -> Path:
    (folder / "a").write_bytes(b"old")
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() in (b"old", b"new")


class TestResources(ResourceTests):
    resources = (
        Resource(
            "export.atomic_write",
            a_file,
            use=lambda path: at_once(lambda: export.atomic_write(path, b"new")),
            free=is_whole,
        ),
    )
    excepted = {"browser": "a browser in a process; tests/integration"}
