"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_ml import atomic
from velvet_ml.serving import engine, rollout

LOOP = "it serves one event loop, as its docstring says"
PLACES = dict.fromkeys(("thread", "loop", "child"), LOOP)


def a_file(folder: Path) -> Path:
    (folder / "a").write_bytes(b"old")
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() in (b"old", b"new")


def can_be_locked(lock: atomic.FileLock) -> bool:
    fcntl = pytest.importorskip("fcntl", reason="asks POSIX whether a lock is free")
    with lock.path.open("ab") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def halves(rows: Sequence[Any]) -> list[float]:
    return [0.5] * len(rows)


async def half(_: Any) -> float:
    await asyncio.sleep(0)
    return 0.5


@asynccontextmanager
async def answering(one: engine.MicroBatcher[int]) -> AsyncIterator[None]:
    async with one:
        assert await one.submit(1) == 0.5
        yield


@asynccontextmanager
async def showing(one: rollout.Shadow) -> AsyncIterator[None]:
    async with one:
        assert await one.predict({}) == 0.5
        await one.drained()
        yield


class TestResources(ResourceTests):
    resources = (
        Resource(
            "atomic.FileLock", lambda folder: atomic.FileLock(folder / "lock"), free=can_be_locked
        ),
        Resource(
            "atomic.atomic_write",
            a_file,
            use=lambda path: at_once(lambda: atomic.atomic_write(path, b"new")),
            free=is_whole,
        ),
        Resource(
            "serving.engine.MicroBatcher",
            lambda _: engine.MicroBatcher(halves, max_wait_ms=0.0),
            use=answering,
            free=lambda one: one._task is None and one._pool._shutdown and one._queue.empty(),
            elsewhere=PLACES,
        ),
        Resource(
            "serving.rollout.Shadow",
            lambda _: rollout.Shadow(half, half),
            use=showing,
            free=lambda one: one._task is None or one._task.done(),
            elsewhere=PLACES,
        ),
    )
    excepted = {"serving.server": "a server in processes; tests/integration/test_serving.py"}
