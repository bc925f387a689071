"""Changes published to many listeners, of which some are slow, and the format they travel in.

A publisher that waits for its slowest subscriber is as slow as that one, and a queue without a
bound grows until the process is killed. So each subscriber has a bounded queue, and a policy says
what a full one means. The wire format is that of WHATWG HTML, section 9.2.

A broadcaster reaches the listeners of its own process. With several workers, a bus (PostgreSQL's
NOTIFY, Redis) has to carry each event to the broadcaster of every worker.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

Policy = Literal["drop_oldest", "coalesce", "disconnect", "unbounded"]
HISTORY = 256
TRY_AGAIN = 1012  # "service restart": the client may connect again, to another server


@dataclass(frozen=True)
class Event:
    """One event: its number, its kind, its JSON, and the key of what it is about."""

    id: int
    kind: str
    data: bytes
    key: str = ""


class Subscription:
    """The bounded queue of one listener; an async iterator that ends when it is closed.

    Attributes:
        dropped: events that this listener did not get.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, capacity: int, policy: Policy) -> None:
        self._loop, self._capacity, self._policy = loop, capacity, policy
        self._waiting: OrderedDict[int | str, Event] = OrderedDict()
        self._lock = threading.Lock()
        self._news = asyncio.Event()
        self.dropped = 0
        self.closed = False

    def offer(self, event: Event) -> None:
        """Queue an event from any thread, without waiting; O(1)."""
        with self._lock:
            if self.closed:
                return
            slot: int | str = event.id
            if self._policy == "coalesce" and event.key:
                slot = event.key
                self.dropped += slot in self._waiting
                self._waiting.pop(slot, None)
            if self._policy != "unbounded" and len(self._waiting) >= self._capacity:
                self.dropped += 1
                if self._policy == "disconnect":
                    self.closed = True
                    self._waiting.clear()
                else:
                    self._waiting.popitem(last=False)
            if not self.closed:
                self._waiting[slot] = event
        self._wake()

    def close(self) -> None:
        """End the iteration after what is queued."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:
            self.closed = True  # the loop of this listener is gone

    def __len__(self) -> int:
        return len(self._waiting)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popitem(last=False)[1]
                if self.closed:
                    raise StopAsyncIteration
                self._news.clear()
            await self._news.wait()


class Broadcaster:
    """Tell every subscriber of every event; a slow one costs the others nothing.

    Args:
        capacity: events that one subscriber may have waiting.
        slow: what happens to a subscriber whose queue is full: it loses its oldest event, keeps
            only the latest per key, is disconnected, or (never in production) grows.
    """

    def __init__(self, capacity: int = 256, slow: Policy = "drop_oldest") -> None:
        if not capacity >= 1:
            raise ValueError(f"capacity is {capacity}; a queue holds at least one event")
        self._capacity = capacity
        self._slow: Policy = slow
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._subscribers: set[Subscription] = set()
        self._lock = threading.Lock()
        self._count = 0

    def publish(self, kind: str, data: bytes, *, key: str = "") -> Event:
        """Tell all subscribers, from any thread; never blocks; O(subscribers)."""
        with self._lock:
            self._count += 1
            event = Event(self._count, kind, data, key)
            self._history.append(event)
            for subscription in self._subscribers:
                subscription.offer(event)
        return event

    def subscribe(self, last_id: int | None = None) -> Subscription:
        """Start to listen in the running loop; with `last_id`, first to what was missed."""
        subscription = Subscription(asyncio.get_running_loop(), self._capacity, self._slow)
        with self._lock:
            for event in self._history if last_id is not None else ():
                if event.id > (last_id or 0):
                    subscription.offer(event)
            self._subscribers.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop listening; unknown subscriptions are ignored."""
        with self._lock:
            self._subscribers.discard(subscription)
        subscription.close()

    def close(self) -> None:
        """End every stream after what is queued: one that stays open holds up a deploy."""
        with self._lock:
            ending = tuple(self._subscribers)
        for subscription in ending:
            self.unsubscribe(subscription)


def sse_encode(event: Event) -> bytes:
    """Return an event as the lines of an event stream."""
    lines = event.data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = f"id: {event.id}\nevent: {event.kind}\n"
    return (head + "".join(f"data: {line}\n" for line in lines) + "\n").encode("utf-8")


def read_last_event_id(header: str | None) -> int | None:
    """Return the number in `Last-Event-ID`; what is no number of ours counts as absent."""
    text = header or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


async def event_stream(events: Broadcaster, last_event_id: str | None) -> AsyncIterator[bytes]:
    """Yield events until the client is gone; the first bytes are a comment, so headers go out."""
    subscription = events.subscribe(read_last_event_id(last_event_id))
    try:
        yield b": connected\n\n"
        async for event in subscription:
            yield sse_encode(event)
    finally:
        events.unsubscribe(subscription)


async def tell_live(
    events: Broadcaster,
    send: Callable[[str], Awaitable[None]],
    receive: Callable[[], Awaitable[Any]],
    close: Callable[[int], Awaitable[None]],
) -> None:
    """Send events as text frames until they end, or until reading fails: the client is gone."""
    subscription = events.subscribe()

    async def sending() -> None:
        async for event in subscription:
            await send(f'{{"id":{event.id},"event":"{event.kind}","data":{event.data.decode()}}}')

    async def reading() -> None:
        while True:
            await receive()

    tasks = [asyncio.ensure_future(sending()), asyncio.ensure_future(reading())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        events.unsubscribe(subscription)
        for task in tasks:
            task.cancel()
        # Each framework has its own exception for the end of a connection.
        ended, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if ended is None:
        await close(TRY_AGAIN)


@dataclass(frozen=True)
class Message:
    """What a client receives: the fields of one dispatched event."""

    id: str
    event: str
    data: str


class SseParser:
    """Parse an event stream from any splitting of its bytes (WHATWG HTML, 9.2.6)."""

    def __init__(self) -> None:
        self._buffer = b""
        self._first = True
        self._after_cr = False
        self._id = ""
        self._event = ""
        self._lines: list[str] = []

    def feed(self, chunk: bytes) -> list[Message]:
        """Take bytes and return the events that they complete."""
        self._buffer += chunk
        if self._first:
            if b"\xef\xbb\xbf".startswith(self._buffer) and len(self._buffer) < 3:
                return []
            self._buffer = self._buffer.removeprefix(b"\xef\xbb\xbf")
            self._first = False
        if self._after_cr and self._buffer:
            # A CR at the end of the last chunk was the first half of this CRLF.
            self._buffer = self._buffer.removeprefix(b"\n")
            self._after_cr = False
        self._after_cr = self._after_cr or self._buffer.endswith(b"\r")
        whole = self._buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._buffer = whole.split(b"\n")
        found = [self._line(line.decode("utf-8", "replace")) for line in lines]
        return [message for message in found if message is not None]

    def _line(self, line: str) -> Message | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._lines.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Message | None:
        lines, event = self._lines, self._event or "message"
        self._lines, self._event = [], ""
        return Message(self._id, event, "\n".join(lines)) if lines else None
