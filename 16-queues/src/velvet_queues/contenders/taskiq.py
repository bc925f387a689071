"""taskiq (asyncio): a Redis list pops, a Redis stream and RabbitMQ acknowledge."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from velvet_queues.contenders import VISIBILITY_S, Place, amqp_depth, purge_redis, unavailable
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.workloads import perform_text

BROKERS, PACKAGE, RECOVERY_S, STOP = ("redis", "rabbitmq"), "taskiq", 40.0, "SIGTERM"
TASK = "velvet_run"
TICK_S = 1.0


def promise(profile: str, broker: str) -> Delivery:
    """Promise at least once, but with the list, which is what the defaults use on Redis."""
    popped = broker == "redis" and profile == "defaults"
    return Delivery.AT_MOST_ONCE if popped else Delivery.AT_LEAST_ONCE


def app(place: Place) -> Any:
    """Return the broker: a list by default, a stream with a tick in production, or RabbitMQ.

    A stream is looked through for messages of dead workers only after it has delivered one, so an
    idle stream never recovers. The tick is a message a second that wakes it.
    """
    from taskiq import SimpleRetryMiddleware, TaskiqEvents

    made: Any
    if place.broker == "rabbitmq":
        from taskiq_aio_pika import AioPikaBroker, Queue

        queue = Queue(name=place.namespace)
        dead, delayed = (Queue(name=f"{place.namespace}.{one}") for one in ("dead", "delay"))
        made = AioPikaBroker(
            place.url,
            qos=place.concurrency,
            task_queues=[queue],
            dead_letter_queue=dead,
            delay_queue=delayed,
        )
    elif place.production:
        from taskiq_redis import RedisStreamBroker

        made = RedisStreamBroker(
            place.url,
            queue_name=place.namespace,
            consumer_group_name=place.namespace,
            consumer_id="0",
            idle_timeout=VISIBILITY_S * 1000,
            unacknowledged_lock_timeout=30,
            xread_count=place.concurrency,
        )
    else:
        from taskiq_redis import ListQueueBroker

        made = ListQueueBroker(place.url, queue_name=place.namespace)
    made = made.with_middlewares(SimpleRetryMiddleware(default_retry_count=5))
    ledger = Ledger(place.folder)

    def run(text: str) -> None:
        if text:
            perform_text(text, ledger)

    made.run = made.register_task(run, task_name=TASK, retry_on_error=True)

    async def keep_ticking(state: Any) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(TICK_S)
                await made.run.kiq("")

        state.tick = asyncio.create_task(tick())

    if place.broker == "redis" and place.production:
        made.on_event(TaskiqEvents.WORKER_STARTUP)(keep_ticking)
    return made


def commands(place: Place) -> list[list[str]]:
    """Return `taskiq worker` with one process."""
    words = ["--workers", "1", "--max-async-tasks", str(place.concurrency), "--log-level", "ERROR"]
    words += ["--max-threadpool-threads", str(place.concurrency), "--max-prefetch", "1"]
    app_name = "velvet_queues.apps:taskiq_app"
    return [[sys.executable, "-m", "taskiq", "worker", app_name, *words]]


class client:  # noqa: N801 - the name that every file has
    """Kick tasks from a loop of its own."""

    def __init__(self, place: Place) -> None:
        self.place, self.app = place, app(place)
        self.loop = asyncio.new_event_loop()
        try:
            self.loop.run_until_complete(asyncio.wait_for(self.app.startup(), 8))
        except Exception as error:  # noqa: BLE001 - each broker raises its own kinds
            self.loop.close()
            raise unavailable(place.url, error) from None

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Enqueue one task; a delay is the sender's own wait, as this library has none on Redis."""
        if delay_s:
            time.sleep(delay_s)
        try:
            self.loop.run_until_complete(self.app.run.kiq(encode(envelope)))
        except Exception as error:  # noqa: BLE001 - each broker raises its own kinds
            raise unavailable(self.place.url, error) from None

    def depth(self) -> int:
        """Count what waits; a stream keeps what is done, so its backlog is counted."""
        if self.place.broker == "rabbitmq":
            return amqp_depth(self.place.url, self.place.namespace)
        import redis

        with redis.Redis.from_url(self.place.url) as connection:
            if not self.place.production:
                return int(connection.llen(self.place.namespace))
            groups = connection.xinfo_groups(self.place.namespace)
            return sum(int(one["lag"] or 0) + int(one["pending"]) for one in groups)

    def close(self) -> None:
        """Close the connections and remove the queues."""
        self.loop.run_until_complete(self.app.shutdown())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        if self.place.broker == "rabbitmq":
            for suffix in ("", ".dead", ".delay"):
                amqp_depth(self.place.url, self.place.namespace + suffix, delete=True)
        else:
            purge_redis(self.place.url, self.place.namespace)
