"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once, unlocked
from velvet_algorithms import caches, external, saved
from velvet_algorithms.caches.lru import LRUCache


def locked(_: object) -> caches.LockedCache[str, int]:
    cache = LRUCache[str, int](2)
    cache["a"] = 1
    return caches.LockedCache(cache)


def sealed(folder: Path) -> Path:
    saved.write_sealed(folder / "a", "old", 1, {"numbers": [1.0]})
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert saved.read_sealed(path, "old", 1)["numbers"][0] in (1.0, 2.0)


@contextmanager
def spilling(folder: Path) -> Iterator[None]:
    with closing(external.external_sort("dbca", max_lines=2, tmpdir=folder)) as lines:
        assert next(lines) == "a"
        yield


class TestResources(ResourceTests):
    resources = (
        Resource(
            "caches.LockedCache",
            locked,
            use=lambda cache: at_once(lambda: cache.setdefault("b", 2)),
            free=lambda cache: unlocked(cache._lock) and cache["a"] == 1 and len(cache) < 3,
        ),
        Resource(
            "saved.write_sealed",
            sealed,
            use=lambda path: at_once(lambda: saved.write_sealed(path, "old", 1, {"numbers": [2]})),
            free=is_whole,
        ),
        Resource(
            "external.external_sort",
            lambda folder: folder,
            use=spilling,
            free=lambda folder: not [*folder.iterdir()],
        ),
    )
