"""Broadcasting to slow listeners, and the event stream of WHATWG HTML."""

from __future__ import annotations

import asyncio

import pytest

from velvet_web.events import (
    Broadcaster,
    Event,
    Message,
    Policy,
    SseParser,
    read_last_event_id,
    sse_encode,
)

# The examples of WHATWG HTML, 9.2.6, and the corners of its grammar.
STREAMS = (
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", [Message("", "message", "YHOO\n+2\n10")]),
    (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [
            Message("1", "message", "first event"),
            Message("", "message", "second event"),
            Message("", "message", " third event"),
        ],
    ),
    (
        b"data\n\ndata\ndata\n\ndata:",
        [Message("", "message", ""), Message("", "message", "\n")],
    ),
    (b"data:test\n\ndata: test\n\n", [Message("", "message", "test")] * 2),
    (b"\xef\xbb\xbfdata: x\r\n\r\n", [Message("", "message", "x")]),
    (b"event: add\rdata: 1\r\r", [Message("", "add", "1")]),
    (b"id: a\0b\nid: 5\nid: c\0\ndata: x\n\n", [Message("5", "message", "x")]),
    (b"event: lost\n\ndata: x\n\n", [Message("", "message", "x")]),
    (b"unknown: x\nretry: 250\nretry: 1s\ndata: x\n\n", [Message("", "message", "x")]),
)


@pytest.mark.parametrize(("stream", "messages"), STREAMS)
def test_a_stream_gives_the_events_of_the_standard(stream: bytes, messages: list[Message]) -> None:
    assert SseParser().feed(stream) == messages


async def published(policy: Policy, *, count: int = 10, keys: int = 2) -> tuple[list[int], int]:
    broadcaster = Broadcaster(capacity=4, slow=policy)
    slow = broadcaster.subscribe()
    for n in range(count):
        broadcaster.publish("changed", b"{}", key=str(n % keys))
    broadcaster.unsubscribe(slow)
    return [event.id async for event in slow], slow.dropped


@pytest.mark.parametrize(
    ("policy", "received", "dropped"),
    [
        ("drop_oldest", [7, 8, 9, 10], 6),
        ("coalesce", [9, 10], 8),
        ("disconnect", [], 1),
        ("unbounded", list(range(1, 11)), 0),
    ],
)
def test_a_policy_says_what_a_full_queue_means(
    policy: Policy, received: list[int], dropped: int
) -> None:
    assert asyncio.run(published(policy)) == (received, dropped)


def test_a_listener_that_comes_back_gets_what_it_missed() -> None:
    async def reconnects() -> list[int]:
        broadcaster = Broadcaster()
        for _ in range(5):
            broadcaster.publish("changed", b"{}")
        again = broadcaster.subscribe(last_id=3)
        broadcaster.unsubscribe(again)
        return [event.id async for event in again]

    assert asyncio.run(reconnects()) == [4, 5]


def test_an_event_from_another_thread_wakes_a_listener() -> None:
    async def waits() -> int:
        broadcaster = Broadcaster()
        subscription = broadcaster.subscribe()
        waiting = asyncio.ensure_future(subscription.__anext__())
        await asyncio.sleep(0)
        await asyncio.to_thread(broadcaster.publish, "changed", b"{}")
        event = await asyncio.wait_for(waiting, 5)
        return event.id

    assert asyncio.run(waits()) == 1


def test_a_listener_whose_loop_is_gone_is_closed_by_the_next_event() -> None:
    broadcaster = Broadcaster()

    async def subscribes() -> None:
        broadcaster.subscribe()

    asyncio.run(subscribes())
    broadcaster.publish("changed", b"{}")

    assert next(iter(broadcaster._subscribers)).closed


def test_a_queue_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        Broadcaster(capacity=0)


@pytest.mark.parametrize(
    ("header", "number"), [("17", 17), (None, None), ("", None), ("-1", None), ("9" * 30, None)]
)
def test_only_a_number_of_ours_continues(header: str | None, number: int | None) -> None:
    assert read_last_event_id(header) == number


def test_an_event_with_lines_is_sent_as_lines() -> None:
    assert sse_encode(Event(3, "add", b"a\r\nb")) == b"id: 3\nevent: add\ndata: a\ndata: b\n\n"
