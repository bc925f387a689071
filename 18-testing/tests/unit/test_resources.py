"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_testing.snapshot import Snapshots


def approved_whole(one: Snapshots) -> None:
    names = [path.name for path in one.folder.glob("*")]
    assert names in ([], ["a.json"])
    assert all(path.read_text(encoding="utf-8") == "1\n" for path in one.folder.glob("*"))


class TestResources(ResourceTests):
    resources = (
        Resource(
            "snapshot.Snapshots",
            lambda folder: Snapshots(folder / "approved"),
            use=lambda one: at_once(lambda: one.approve(1, name="a")),
            free=approved_whole,
        ),
    )
    excepted = {"mutation.engine.Worker": "a worker in a process; tests/unit/test_engine.py"}
