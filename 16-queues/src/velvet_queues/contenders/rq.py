"""RQ on Redis: a forked work horse for every job, which is pickled around our JSON."""

from __future__ import annotations

import sys
import uuid
from typing import Any

from velvet_queues.contenders import SILENCE_S, Place, purge_redis, unavailable
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Delivery

BROKERS, PACKAGE, STOP = ("redis",), "rq", "SIGTERM"
# A job is taken for abandoned a minute after its worker's last sign of life, whatever is set.
RECOVERY_S = 150.0
MAINTENANCE_S = 2
# An idle worker looks for abandoned jobs each time that its wait for a job ends, which is 15 s less
# than this. With the default of 420 s nothing is recovered for almost seven minutes.
WORKER_TTL_S = 20


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - it has one
    """Promise at most once by default: the job of a killed worker ends as failed."""
    return Delivery.AT_LEAST_ONCE if profile == "production" else Delivery.AT_MOST_ONCE


def app(place: Place) -> Any:
    """Return the queue."""
    from redis import Redis
    from rq import Queue

    connection = Redis.from_url(place.url, socket_connect_timeout=4, socket_timeout=SILENCE_S)
    return Queue(place.namespace, connection=connection)


def commands(place: Place) -> list[list[str]]:
    """Return one `rq worker` for each unit of concurrency."""
    kind = "rq.worker.SimpleWorker" if sys.platform == "win32" else "rq.worker.Worker"
    words = ["worker", "--url", place.url, "--worker-class", kind, "--with-scheduler", "--quiet"]
    if place.production:
        every = str(MAINTENANCE_S)
        words += ["--maintenance-interval", every, "--job-monitoring-interval", every]
        words += ["--worker-ttl", str(WORKER_TTL_S)]
    run = [sys.executable, "-c", "from rq.cli import main; main()"]
    return [
        [*run, *words, "--name", f"{place.namespace}-{uuid.uuid4().hex[:8]}", place.namespace]
        for _ in range(place.concurrency)
    ]


class client:  # noqa: N801 - the name that every file has
    """Enqueue jobs that name our function."""

    def __init__(self, place: Place) -> None:
        self.place, self.queue = place, app(place)

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Enqueue one job; in production with three retries."""
        from datetime import timedelta

        import redis
        from rq import Retry

        options: dict[str, Any] = {"job_id": f"{self.place.namespace}-{envelope.id}"}
        options["retry"] = Retry(max=3) if self.place.production else None
        call = ("velvet_queues.apps.run_here", encode(envelope))
        try:
            if delay_s:
                self.queue.enqueue_in(timedelta(seconds=delay_s), *call, **options)
            else:
                self.queue.enqueue(*call, **options)
        except redis.RedisError as error:
            raise unavailable(self.place.url, error) from None

    def depth(self) -> int:
        """Count what no worker has fetched."""
        return int(self.queue.count)

    def close(self) -> None:
        """Remove the keys and close the connection."""
        purge_redis(self.place.url, self.place.namespace)
        self.queue.connection.connection_pool.disconnect()
