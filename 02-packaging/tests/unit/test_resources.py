"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_packaging import normalize, registry
from velvet_packaging.samples import hostile

WHEEL = hostile.clean()


def a_wheel(folder: Path) -> Path:
    path = folder / hostile.FILENAME
    path.write_bytes(WHEEL)
    return path


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert len(path.read_bytes()) > 100


class TestResources(ResourceTests):
    resources = (
        Resource(
            "registry.atomic_store",
            a_wheel,
            use=lambda path: at_once(lambda: registry.atomic_store(path, WHEEL)),
            free=is_whole,
        ),
        Resource(
            "normalize.normalize_wheel",
            a_wheel,
            use=lambda path: at_once(lambda: normalize.normalize_wheel(path)),
            free=is_whole,
            inside="/velvet_packaging/normalize",
        ),
    )
    excepted = {
        "pypiserver_process": "a process; tests/failure/test_faults.py",
        "registry": "a server with a thread, which its own tests stop; tests/unit/test_registry.py",
    }
