"""An event loop: one coroutine computes between two awaits and holds up all the others."""

from __future__ import annotations

import asyncio

HOT = "render"
WHERE = "python"
MEASURE = "cpu"
SIZE = 36
STUBS = {"render": lambda _number: 0, "respond": lambda number: number}


def build(size: int, seed: int) -> int:
    """Return the number of pages and, times five, of pings."""
    return size + seed % 2


def render(number: int) -> int:
    """Compute a page: the call that no coroutine should make."""
    total = 0
    for turn in range(90_000):
        total += (turn * number) % 17
    return total


def respond(number: int) -> int:
    """Answer a ping."""
    return sum(range(number % 50, 40_000))


async def page(number: int) -> int:
    """Serve a page."""
    await asyncio.sleep(0)
    return render(number)


async def ping(number: int) -> int:
    """Serve a ping."""
    await asyncio.sleep(0)
    return respond(number)


async def serve(pages: int) -> int:
    """Serve everything at once."""
    work = [page(number) for number in range(pages)] + [ping(n) for n in range(pages * 5)]
    return sum(await asyncio.gather(*work))


def run(pages: int) -> int:
    """Return what all answers add up to."""
    return asyncio.run(serve(pages))
