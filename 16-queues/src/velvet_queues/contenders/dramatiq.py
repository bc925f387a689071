"""Dramatiq on Redis or RabbitMQ: acknowledged after the task in every profile."""

from __future__ import annotations

import sys
from typing import Any, cast

from velvet_queues.contenders import VISIBILITY_S, Place, amqp_depth, purge_redis, unavailable
from velvet_queues.envelope import Envelope, encode, new_id
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.workloads import perform_text

BROKERS, PACKAGE, RECOVERY_S, STOP = ("redis", "rabbitmq"), "dramatiq", 40.0, "SIGTERM"
TASK = "velvet_run"
MAINTENANCE_CHANCE = 100_000  # of a million commands; the default of 1,000 suits a busy queue


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - the same for all
    """Promise at least once always; on Redis the default waits a minute for a dead worker."""
    return Delivery.AT_LEAST_ONCE


def app(place: Place) -> Any:
    """Return the broker with its actor."""
    import dramatiq
    from dramatiq.middleware import default_middleware

    library: Any = dramatiq
    made: Any
    middleware = [one() for one in default_middleware if one.__name__ != "Prometheus"]
    if place.broker == "redis":
        from dramatiq.brokers import redis as on_redis

        careful = {"heartbeat_timeout": VISIBILITY_S * 1000} if place.production else {}
        if place.production:
            careful["maintenance_chance"] = MAINTENANCE_CHANCE
        timeouts = {"socket_connect_timeout": 4, "socket_timeout": 30}
        broker = cast(Any, on_redis).RedisBroker
        made = (_renewing(broker) if place.production else broker)(
            url=place.url, namespace=place.namespace, middleware=middleware, **careful, **timeouts
        )
    else:
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        made = RabbitmqBroker(
            url=place.url, confirm_delivery=place.production, middleware=middleware
        )
    ledger = Ledger(place.folder)

    def run(text: str) -> None:
        perform_text(text, ledger)

    made.run = library.actor(
        run,
        actor_name=TASK,
        queue_name=place.namespace,
        broker=made,
        max_retries=5,
        min_backoff=200,
        max_backoff=1000,
    )
    return made


def _renewing(broker: Any) -> Any:
    """Return a class of Redis broker that consumes under a new id after a broken connection.

    What a broken connection had fetched stands under its worker's id, and goes back when that id is
    silent. A worker that lives on is never silent, and keeps it; a new id lets the old one fall
    silent. What was running meanwhile is started twice.
    """
    begun: set[str] = set()

    class Renewing(broker):  # type: ignore[misc]
        def consume(self, queue_name: str, *rest: Any, **options: Any) -> Any:
            if queue_name in begun:
                self.broker_id = new_id()
            begun.add(queue_name)
            return super().consume(queue_name, *rest, **options)

    return Renewing


def commands(place: Place) -> list[list[str]]:
    """Return `dramatiq` with one process of threads."""
    words = ["--processes", "1", "--threads", str(place.concurrency)]
    return [[sys.executable, "-m", "dramatiq", "velvet_queues.apps:dramatiq_app", *words]]


class client:  # noqa: N801 - the name that every file has
    """Send messages to the actor."""

    def __init__(self, place: Place) -> None:
        self.place, self.app = place, app(place)

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Enqueue one message."""
        from dramatiq.errors import BrokerError

        try:
            delay = int(delay_s * 1000) if delay_s else None
            self.app.run.send_with_options(args=(encode(envelope),), delay=delay)
        except (BrokerError, OSError) as error:
            raise unavailable(self.place.url, error) from None
        except Exception as error:
            if type(error).__module__.startswith(("redis", "pika")):
                raise unavailable(self.place.url, error) from None
            raise

    def depth(self) -> int:
        """Count what no worker has fetched."""
        if self.place.broker == "rabbitmq":
            return amqp_depth(self.place.url, self.place.namespace)
        return int(self.app.client.llen(f"{self.place.namespace}:{self.place.namespace}"))

    def close(self) -> None:
        """Remove the queues and close the connections."""
        self.app.close()
        if self.place.broker == "rabbitmq":
            for suffix in ("", ".DQ", ".XQ"):
                amqp_depth(self.place.url, self.place.namespace + suffix, delete=True)
        else:
            purge_redis(self.place.url, self.place.namespace)
            self.app.client.connection_pool.disconnect()
