"""What the three ASGI front ends share about streams of events; WSGI has no place for either."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from velvet_web.board import TaskBoard
from velvet_web.events import read_last_event_id, sse_encode


async def event_stream(board: TaskBoard, last_event_id: str | None) -> AsyncIterator[bytes]:
    """Yield events until the client is gone; the first bytes are a comment, so headers go out."""
    subscription = board.events.subscribe(read_last_event_id(last_event_id))
    try:
        yield b": connected\n\n"
        async for event in subscription:
            yield sse_encode(event)
    finally:
        board.events.unsubscribe(subscription)


async def tell_live(
    board: TaskBoard,
    send: Callable[[str], Awaitable[None]],
    receive: Callable[[], Awaitable[Any]],
) -> None:
    """Send events as text frames, and read, which is how a closed connection is noticed."""
    subscription = board.events.subscribe()

    async def sending() -> None:
        async for event in subscription:
            await send(f'{{"id":{event.id},"event":"{event.kind}","data":{event.data.decode()}}}')

    sender = asyncio.create_task(sending())
    try:
        # Each framework has its own exception for the end of a connection.
        with contextlib.suppress(Exception):
            while True:
                await receive()
    finally:
        sender.cancel()
        board.events.unsubscribe(subscription)
