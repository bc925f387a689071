"""What the stores do: brokers' logs under kill -9, row locks under contention, a herd's jitter."""

from __future__ import annotations

import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial

import psutil

from velvet import services
from velvet.bench import Absent, Metric, Outcome, Suite, ratio, value
from velvet.services import ServiceUnavailable
from velvet_queues import brokers, retry
from velvet_queues.contenders import amqp_depth
from velvet_queues.envelope import Envelope
from velvet_queues.leasequeue import LeaseQueue

JOBS = 240
PUSH_S = 1.0
LEADER_S = 20.0  # within which a quorum queue has its leader again after a restart


def _sent(push: Callable[[], object], seconds: float) -> tuple[int, float]:
    """Push for some seconds, each push confirmed; return how many, and how many a second."""
    begun, sent = time.monotonic(), 0
    while sent == 0 or time.monotonic() - begun < seconds:
        push()
        sent += 1
    return sent, sent / (time.monotonic() - begun)


def survived(mode: str, seconds: float = PUSH_S) -> tuple[int, int, float]:
    """Push to a Redis in a mode of `DURABILITY`, kill it, start it again.

    Returns:
        how many pushes were confirmed, how many were there afterwards, pushes a second.
    """
    import redis

    with brokers.OwnRedis(brokers.DURABILITY[mode]) as server:
        with redis.Redis.from_url(server.url) as client:
            sent, rate = _sent(lambda: client.lpush("queue", b"x" * 100), seconds)
        server.kill()
        server.restart()
        with redis.Redis.from_url(server.url) as client:
            return sent, int(client.llen("queue")), rate


def _durability(survivors: Callable[[], tuple[int, int, float]]) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        try:
            sent, found, rate = survivors()
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        return {"lost": float(sent - found), "rate": rate, "survived": float(found)}

    return run


def _kill_node(server: services.Server) -> None:
    """Kill a node, and wait until all its processes are gone: the next one needs their ports."""
    node = psutil.Process(server.pid).children(recursive=True) if server.pid else []
    server.kill()
    psutil.wait_procs(node, timeout=LEADER_S)


def survived_in_rabbitmq(*, quorum: bool, seconds: float = PUSH_S) -> tuple[int, int, float]:
    """Publish with confirms to a node of our own, kill it, start it again.

    Args:
        quorum: persistent messages in a quorum queue; else transient ones in a classic queue.

    Returns:
        as `survived`.
    """
    import pika  # type: ignore[import-untyped,unused-ignore]

    kind = {"x-queue-type": "quorum" if quorum else "classic"}
    properties = pika.BasicProperties(delivery_mode=2 if quorum else 1)
    with services.rabbitmq(private=True) as server:
        connection = pika.BlockingConnection(pika.URLParameters(server.url))
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("queue", durable=True, arguments=kind)
        message = ("", "queue", b"x" * 100, properties)
        sent, rate = _sent(lambda: channel.basic_publish(*message, mandatory=True), seconds)
        connection.close()
        _kill_node(server)
        server.restart()
        until = time.monotonic() + LEADER_S
        while (found := amqp_depth(server.url, "queue")) < sent and time.monotonic() < until:
            time.sleep(0.2)
    return sent, found, rate


def _contention(broker: str, skip: bool, workers: int) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory() as folder, brokers.address(broker, folder) as url:
        name = f"c{uuid.uuid4().hex[:10]}"
        queues = [LeaseQueue(url, name, skip_locked=skip) for _ in range(workers)]
        queues[0].put_many([Envelope("job") for _ in range(JOBS)])

        def run() -> Outcome:
            done: list[str] = []

            def work(queue: LeaseQueue) -> None:
                while len(done) < JOBS:
                    for leased in queue.lease("w", 1, 600):
                        time.sleep(0.001)
                        queue.ack(leased)
                        done.append(leased.id)

            threads = [threading.Thread(target=work, args=(queue,)) for queue in queues]
            begun = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = time.perf_counter() - begun
            return Outcome({"rate": JOBS / seconds}, result=(len(done), len(set(done))))

        try:
            yield run
        finally:
            queues[0].drop()
            for queue in queues:
                queue.close()


def _herd(jitter: retry.Jitter) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        seen = retry.herd(jitter)
        return {"calls": float(seen.calls), "peak": float(seen.peak), "clear": seen.clear_s}

    return run


def _add_durability(suite: Suite) -> None:
    durability = suite.comparison(
        "durability",
        title="A second of confirmed pushes to a broker, kill -9, start again",
        kind="value",
        unit="messages",
        metrics={
            "lost": "messages",
            "rate": Metric("msg/s", "higher"),
            "survived": Metric("messages", "higher"),
        },
        limit=240,
    )
    for mode in brokers.DURABILITY:
        durability.add(mode, partial(_durability, partial(survived, mode)), needs="redis")
    for name, quorum in (("rabbitmq_transient", False), ("rabbitmq_quorum", True)):
        kept = partial(survived_in_rabbitmq, quorum=quorum)
        durability.add(name, partial(_durability, kept), needs=("pika", "rabbitmq"), tier="default")
    suite.claim(
        "a quorum queue keeps what it has confirmed; transient messages are gone",
        (value("durability", "rabbitmq_quorum", "lost") <= 0)
        & (value("durability", "rabbitmq_transient", "survived") <= 0)
        & (value("durability", "rabbitmq_transient", "lost") >= 10),
        tier="default",
    )
    suite.claim(
        "a Redis without a log loses all that was confirmed; so does a snapshot that was not due",
        (value("durability", "none", "survived") <= 0)
        & (value("durability", "none", "lost") >= 10)
        & (value("durability", "rdb", "lost") >= 10),
    )
    suite.claim(
        "a log that is synced each second loses nothing when only the process is killed",
        (value("durability", "aof_everysec", "lost") <= 0)
        & (value("durability", "aof_always", "lost") <= 0),
    )


def _add_contention(suite: Suite) -> None:
    contention = suite.comparison(
        "lease_contention",
        title=f"{JOBS} jobs of 1 ms from one table",
        kind="run",
        unit="jobs/s",
        metrics={"rate": "jobs/s"},
        sizes={"workers": [1, 8]},
        rounds={"quick": 1, "default": 3},
    )
    rows = {
        "for_update": ("postgres", False),
        "skip_locked": ("postgres", True),
        "sqlite": ("sqlite", True),
    }
    for name, (broker, skip) in rows.items():
        contention.add(
            name,
            partial(_contention, broker, skip),
            needs="postgres" if broker == "postgres" else (),
            baseline=name == "for_update",
        )
    contention.same_result()


def _add_jitter(suite: Suite) -> None:
    jitters = suite.comparison(
        "jitter_herd",
        title="200 clients that failed together, a server of 20 calls a second (simulated clock)",
        kind="value",
        unit="calls",
        metrics={"calls": "calls", "peak": "calls/s", "clear": "s"},
    )
    for jitter in retry.JITTERS:
        jitters.add(jitter, partial(_herd, jitter), baseline=jitter == "none")
    suite.claim(
        "full jitter needs at most 0.8x the calls, and clears 3x earlier",
        (ratio("jitter_herd", "none", "full", "calls") >= 1.25)
        & (ratio("jitter_herd", "none", "full", "clear") >= 3),
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_add_durability, _add_contention, _add_jitter):
        declare(suite)
