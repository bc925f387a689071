"""Brokers behind one port: one in memory that misbehaves on request, and Redis Streams.

The broker in memory is a stand-in whose faults are seeded: it delivers twice, loses
acknowledgements and changes the order. Redis Streams is the real thing, with a consumer group;
what a dead consumer had taken is claimed after a while.
"""

from __future__ import annotations

import random
from typing import Any, cast

from velvet_architecture.app.messaging import envelope, opened
from velvet_architecture.ports import Message


class MemoryBroker:
    """Keeps messages until they are acknowledged.

    Args:
        duplicate: probability that a message is delivered twice.
        drop_ack: probability that an acknowledgement is lost.
        reorder: places that a message may move in a delivery.
        seed: of the faults.
    """

    def __init__(
        self, *, duplicate: float = 0.0, drop_ack: float = 0.0, reorder: int = 0, seed: int = 0
    ) -> None:
        self._duplicate, self._drop_ack, self._reorder = duplicate, drop_ack, reorder
        self._random = random.Random(seed)
        self._kept: dict[str, Message] = {}
        self._numbers = 0
        self.down = False
        self.published: list[Message] = []

    def publish(self, message: Message) -> None:
        """Take a message, or raise ConnectionError while `down`."""
        if self.down:
            raise ConnectionError("the broker is down")
        self.published.append(message)
        for _ in range(1 + (self._random.random() < self._duplicate)):
            self._numbers += 1
            self._kept[str(self._numbers)] = message

    def receive(self, limit: int = 100) -> list[tuple[str, Message]]:
        """Return what is not acknowledged."""
        found = list(self._kept.items())[:limit]
        if self._reorder:
            places = {
                r: n + self._random.uniform(0, self._reorder) for n, (r, _) in enumerate(found)
            }
            found.sort(key=lambda item: places[item[0]])
        return found

    def acknowledge(self, receipt: str) -> None:
        """Forget a message, unless the acknowledgement is lost."""
        if self._random.random() >= self._drop_ack:
            self._kept.pop(receipt, None)


class RedisStreamsBroker:
    """A stream with one consumer group.

    Args:
        claim_ms: milliseconds after which an unacknowledged message is taken from a silent consumer.
    """

    def __init__(
        self,
        url: str,
        *,
        stream: str = "velvet-shop",
        group: str = "workers",
        consumer: str = "one",
        claim_ms: int = 30_000,
    ) -> None:
        import redis  # slow to import, so only where it is used

        self._redis = redis.Redis.from_url(url)
        self._stream, self._group, self._consumer = stream, group, consumer
        self._claim_ms = claim_ms
        try:
            self._redis.xgroup_create(stream, group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._down: type[Exception] = redis.ConnectionError

    def publish(self, message: Message) -> None:
        """Add a message to the stream."""
        self.publish_many([message])

    def publish_many(self, messages: list[Message]) -> None:
        """Add messages in one round trip."""
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                for message in messages:
                    pipe.xadd(self._stream, {"document": envelope(message)})
                pipe.execute()
        except self._down as error:
            raise ConnectionError(str(error)) from error

    def receive(self, limit: int = 100) -> list[tuple[str, Message]]:
        """Return messages that a silent consumer left behind, then new ones."""
        who = (self._stream, self._group, self._consumer)
        claimed = cast(Any, self._redis.xautoclaim(*who, min_idle_time=self._claim_ms, count=limit))
        entries = list(claimed[1])
        if len(entries) < limit:
            left = limit - len(entries)
            new = self._redis.xreadgroup(
                self._group, self._consumer, {self._stream: ">"}, count=left
            )
            # A list of pairs in RESP2, a dict in RESP3, whichever the client has chosen.
            pairs = cast(Any, new.items() if isinstance(new, dict) else new or [])
            for _, found in pairs:
                entries += found if not isinstance(new, dict) else found[0]
        return [(receipt.decode(), opened(fields[b"document"])) for receipt, fields in entries]

    def acknowledge(self, receipt: str) -> None:
        """Take a message off the list of pending ones."""
        self._redis.xack(self._stream, self._group, receipt)

    def close(self, *, drop: bool = False) -> None:
        """Close the connection; with `drop` the stream goes, too."""
        if drop:
            self._redis.delete(self._stream)
        self._redis.close()
