"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_media import headers, pngrows, thumbs
from velvet_media.samples import media

PNG = media.png(np.zeros((6, 8, 3), np.uint8))


def a_file(folder: Path) -> Path:
    (folder / "a").write_bytes(PNG)
    return folder / "a"


def is_whole(path: Path) -> None:
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes()[:4] == PNG[:4]


@asynccontextmanager
async def admitted(one: thumbs.Admission) -> AsyncIterator[None]:
    """Wait for what another coroutine gives back as soon as it is waited for."""
    await one.acquire(8)
    asyncio.get_running_loop().call_soon(one.release, 8)
    await one.acquire(5)
    try:
        yield
    finally:
        one.release(5)


class TestResources(ResourceTests):
    resources = (
        Resource(
            "thumbs.Admission",
            lambda _: thumbs.Admission(10, 3),
            use=admitted,
            free=lambda one: one.held == 0 and not one._waiting,
        ),
        Resource(
            "thumbs.atomic_write",
            a_file,
            use=lambda path: at_once(lambda: thumbs.atomic_write(path, PNG)),
            free=is_whole,
        ),
        Resource(
            "pngrows.shrink_file",
            a_file,
            use=lambda path: at_once(lambda: pngrows.shrink_file(path, path, 2)),
            free=is_whole,
            steps=60,
        ),
        Resource("headers.view", a_file, use=headers.view, free=is_whole),
    )
    excepted = {"isolate": "a decoder in a process; tests/failure/test_isolation.py"}
