"""Celery on Redis or RabbitMQ. Production settings are the files in `configs/`."""

from __future__ import annotations

import sys
import uuid
from typing import Any

from velvet_queues.contenders import SILENCE_S, Place, amqp_depth, purge_redis, unavailable
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.workloads import perform_text

BROKERS, PACKAGE, RECOVERY_S, STOP = ("redis", "rabbitmq"), "celery", 130.0, "SIGTERM"
TASK = "velvet.run"


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - on both
    """Promise at most once by default: a task is acknowledged before it runs."""
    return Delivery.AT_LEAST_ONCE if profile == "production" else Delivery.AT_MOST_ONCE


def app(place: Place) -> Any:
    """Return the Celery application."""
    from celery import Celery  # type: ignore[import-untyped,unused-ignore]

    made: Any = Celery(place.namespace, broker=place.url, set_as_current=False)
    if place.production:
        made.config_from_object(f"velvet_queues.configs.celeryconfig_{place.broker}")
    made.conf.update(
        task_default_queue=place.namespace,
        broker_connection_retry_on_startup=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    if place.broker == "redis":  # keys such as `unacked` are per database, not per queue
        waits = {"socket_connect_timeout": 4, "socket_timeout": SILENCE_S}
        options = {**(made.conf.broker_transport_options or {}), **waits}
        for key in ("unacked_key", "unacked_index_key", "unacked_mutex_key"):
            options[key] = f"{place.namespace}.{key}"
        made.conf.broker_transport_options = options
    ledger = Ledger(place.folder)

    def run(text: str) -> None:
        perform_text(text, ledger)

    retry = {"autoretry_for": (RuntimeError,), "max_retries": 5, "default_retry_delay": 0.2}
    # `shared` would register the task, with this run's ledger, in every other app, too.
    made.task(name=TASK, shared=False, **retry)(run)
    return made


def commands(place: Place) -> list[list[str]]:
    """Return `celery worker` with the prefork pool, or threads where there is no fork.

    Each worker has a name of its own: two of one name share a mailbox, which RabbitMQ deletes with
    its last listener. A worker that ends in the moment in which the next one of its name listens
    takes the mailbox along, and the next one ends with "404 NOT_FOUND".
    """
    pool = "threads" if sys.platform == "win32" else "prefork"
    words = ["worker", "--pool", pool, "--concurrency", str(place.concurrency), "-l", "ERROR"]
    name = f"{place.namespace}-{uuid.uuid4().hex[:8]}@%h"
    words += ["-n", name, "--without-gossip", "--without-mingle"]
    return [[sys.executable, "-m", "celery", "-A", "velvet_queues.apps:celery_app", *words]]


class client:  # noqa: N801 - the name that every file has
    """Send tasks by name."""

    def __init__(self, place: Place) -> None:
        self.place, self.app = place, app(place)
        errors = self.app.connection_for_write().connection_errors
        self._gone = (*errors, self.app.tasks[TASK].OperationalError)

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Publish one task; give up after a few seconds without a broker."""
        policy = {"max_retries": 1, "interval_start": 0.2, "interval_max": 0.2}
        try:
            self.app.tasks[TASK].apply_async(
                (encode(envelope),),
                task_id=envelope.id,
                countdown=delay_s or None,
                retry_policy=policy,
            )
        except self._gone as error:
            raise unavailable(self.place.url, error) from None

    def depth(self) -> int:
        """Count what no worker has fetched."""
        if self.place.broker == "rabbitmq":
            return amqp_depth(self.place.url, self.place.namespace)
        with self.app.connection_for_write() as connection:
            return int(connection.default_channel.client.llen(self.place.namespace))

    def close(self) -> None:
        """Close the pools and remove the queue."""
        if self.place.broker == "rabbitmq":
            amqp_depth(self.place.url, self.place.namespace, delete=True)
        else:
            purge_redis(self.place.url, self.place.namespace)
        self.app.pool.force_close_all()
        self.app.amqp.producer_pool.force_close_all()
        self.app.close()
