"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from velvet.services import ServiceUnavailable
from velvet_queues import brokers, chaos
from velvet_queues.contenders import Place, load, missing
from velvet_queues.envelope import Envelope
from velvet_queues.fleet import Fleet
from velvet_queues.leasequeue import LeaseQueue
from velvet_queues.ledger import Entry, Ledger
from velvet_queues.load import Histogram, arrivals, open_loop
from velvet_queues.metrics import Metrics, alerts, parse
from velvet_queues.worker import Worker

Event = dict[str, Any]
# What runs without a server comes first. RQ's horses leave their group, so the page's stop button
# could not reach them: its rows are in the benchmarks.
QUEUES = (
    "lease on sqlite",
    "huey on sqlite",
    "huey on redis",
    "celery on redis",
    "dramatiq on redis",
    "taskiq on redis",
)
ATTACKS = {
    "kill -9 the worker": "worker_kill",
    "stop the worker beyond its lease": "worker_pause",
    "deploy": "deploy",
    "a task that kills its worker": "poison",
    "kill the broker and start it again": "broker_restart",
    "nothing": "",
}
PROFILES = ("production", "defaults")
TASKS = 24
FRAME_S = 0.4
TASK_MS = 20


def _pair(queue: str) -> tuple[str, str]:
    if queue not in QUEUES:
        raise ValueError(f"choose one of {', '.join(QUEUES)}, not {queue!r}")
    name, _, broker = queue.partition(" on ")
    if reason := missing(name):
        raise ValueError(reason)
    return name, broker


def state(told: list[Entry], begun: float) -> Event:
    """Return bars and counters of what the ledger holds so far."""
    lanes: dict[tuple[int, str], int] = {}
    open_bars: dict[tuple[int, str, str], Event] = {}
    bars: list[Event] = []
    seen: dict[str, int] = {}
    for one in told:
        if one.is_canary or one.event not in ("started", "finished", "failed"):
            continue
        worker = (one.pid, one.lane)
        lane = lanes.setdefault(worker, len(lanes) + 1)
        key = (*worker, one.id)
        if one.event == "started":
            seen[one.id] = seen.get(one.id, 0) + 1
            bar = {"lane": lane, "id": one.id[:6], "from": one.at - begun, "to": None}
            open_bars[key] = bar | {"again": seen[one.id] > 1}
            bars.append(open_bars[key])
        elif key in open_bars:
            open_bars.pop(key)["to"] = one.at - begun
    ids = {
        name: {one.id for one in told if one.event == name and not one.is_canary}
        for name in ("sent", "finished", "effect")
    }
    effects = [one.id for one in told if one.event == "effect"]
    return {
        "type": "state",
        "bars": bars,
        "sent": len(ids["sent"]),
        "finished": len(ids["finished"]),
        "missing": len(ids["sent"] - ids["finished"]),
        "twice": sum(count > 1 for count in seen.values()),
        "paid_twice": len(effects) - len(ids["effect"]),
    }


def kill(
    queue: str = QUEUES[0], attack: str = next(iter(ATTACKS)), profile: str = "production"
) -> Iterator[Event]:
    """Run tasks, strike in the middle, and tell what the ledger holds, several times a second."""
    name, broker = _pair(queue)
    if attack not in ATTACKS or profile not in PROFILES:
        raise ValueError(f"choose an attack of {', '.join(ATTACKS)}; a profile of {PROFILES}")
    yield {"type": "state", **dict.fromkeys(("sent", "finished", "missing", "twice"), 0)} | {
        "paid_twice": 0,
        "bars": [],
        "now": 0.0,
        "phase": "the worker starts",
    }
    try:
        strike = ATTACKS[attack]
        with chaos.scene(name, broker, profile, TASKS, attack=strike, own_session=False) as scene:
            begun = time.time()
            thread = threading.Thread(target=_strike, args=(scene, strike))
            thread.start()
            while True:
                ended = not thread.is_alive()
                seen = state(scene.ledger.entries(), begun)
                struck = max(0.0, scene.struck_at - begun) if scene.struck_at else 0.0
                phase = "over" if ended else "struck" if struck else "it works"
                yield seen | {"now": time.time() - begun, "struck": struck, "phase": phase}
                if ended:
                    return
                time.sleep(FRAME_S)
    except ServiceUnavailable as error:
        raise ValueError(str(error)) from None


def _strike(scene: chaos.Scene, attack: str) -> None:
    if attack:
        chaos.SCENARIOS[attack](scene)
    else:
        scene.send(scene.tasks, "effect", 150)
    if attack != "poison":  # which is missing on purpose
        scene.settle()


def offered(percent: int = 130, seconds: int = 6) -> Iterator[Event]:
    """Offer a share of the measured capacity to a LeaseQueue and tell waits, depth and age."""
    if not 10 <= percent <= 200 or not 1 <= seconds <= 20:
        raise ValueError("choose 10 to 200 percent and 1 to 20 seconds")
    yield {"type": "start"}
    with tempfile.TemporaryDirectory() as folder, LeaseQueue(f"sqlite:///{folder}/q.db") as queue:
        done: list[float] = []

        def work(envelope: Envelope) -> None:
            time.sleep(TASK_MS / 1e3)
            done.append(time.time() - float(envelope.payload) - TASK_MS / 1e3)

        worker = Worker(queue, {"work": work}, concurrency=2, poll_s=0.005)
        queue.put_many([Envelope("work", time.time()) for _ in range(60)])
        thread = threading.Thread(target=worker.run)
        thread.start()
        begun = time.monotonic()
        try:
            while queue.stats().depth:
                time.sleep(0.01)
            capacity = 60 / (time.monotonic() - begun)
            plan = arrivals(capacity * percent / 100, seconds, seed=7)
            done.clear()
            yield {"type": "capacity", "per_s": capacity}
            sender = threading.Thread(
                target=open_loop, args=(lambda _, at: queue.put(Envelope("work", at)), plan)
            )
            sender.start()
            start = time.time()
            while sender.is_alive() or queue.stats().depth:
                waits, stats = Histogram(), queue.stats()
                for wait in done[-30:]:
                    waits.add(wait)
                told = {"at": time.time() - start, "depth": stats.depth, "age": stats.oldest_age_s}
                yield {"type": "sample", **told, "p95": waits.percentile(95)}
                time.sleep(FRAME_S / 2)
            sender.join()
        finally:
            worker.stop()
            thread.join()


def racing(tasks: int = 200) -> Iterator[Event]:
    """Time enqueueing and draining of tasks that do nothing, queue after queue."""
    if not 20 <= tasks <= 2000:
        raise ValueError("choose 20 to 2,000 tasks")
    yield {"type": "plan", "total": len(QUEUES)}
    yield {"type": "start"}
    for queue in QUEUES:
        name, broker = queue.split(" on ")
        try:
            if reason := missing(name):
                raise ValueError(reason)
            yield _raced(name, broker, tasks)
        except (ServiceUnavailable, ValueError) as error:
            yield {"type": "absent", "queue": queue, "reason": str(error)}


def _raced(name: str, broker: str, tasks: int) -> Event:
    with (
        tempfile.TemporaryDirectory() as folder,
        brokers.address(broker, folder) as url,
        Ledger(folder) as ledger,
    ):
        place = Place(name, broker, url, folder)
        client = load(name).client(place)
        client.send(Envelope("noop", id="canary-first"))
        begun = time.perf_counter()
        sent = [Envelope("noop") for _ in range(tasks)]
        for one in sent:
            client.send(one)
        enqueued = time.perf_counter() - begun
        with Fleet(place, own_session=False) as fleet:
            fleet.wait_ready(client, ledger, 120)
            until = time.monotonic() + 60
            while ledger.verdict().finished < tasks and time.monotonic() < until:
                time.sleep(0.02)
            rss, processes = fleet.rss_mb()
        told = [one.at for one in ledger.entries() if not one.is_canary]
        client.close()
    event: Event = {"type": "raced", "queue": f"{name} on {broker}", "boot": fleet.boot_s}
    rates = {"enqueue": tasks / enqueued, "drain": tasks / max(1e-6, max(told) - min(told))}
    return event | rates | {"rss": rss, "processes": processes}


def watched(fail: int = 10) -> Iterator[Event]:
    """Run a worker whose tasks fail in so many of a hundred cases, and tell its metrics."""
    if not 0 <= fail <= 100:
        raise ValueError("choose 0 to 100 failures of a hundred")
    with tempfile.TemporaryDirectory() as folder, LeaseQueue(f"sqlite:///{folder}/q.db") as queue:
        metrics = Metrics()

        def work(envelope: Envelope) -> None:
            time.sleep(0.02)
            if int(envelope.payload) % 100 < fail:
                raise OSError("it fails")

        def tell(outcome: str, envelope: Envelope, seconds: float) -> None:
            metrics.tell(outcome, envelope, seconds, now=time.time())

        worker = Worker(queue, {"work": work}, concurrency=2, tell=tell)
        queue.put_many([Envelope("work", number * 7, max_attempts=2) for number in range(150)])
        thread = threading.Thread(target=worker.run)
        thread.start()
        begun = time.time()
        try:
            while True:
                text = metrics.render(queue.stats())
                samples = parse(text)
                yield {
                    "type": "scrape",
                    "at": time.time() - begun,
                    "text": text,
                    "alerts": alerts(samples, age_s=1.0),
                }
                if not queue.stats().depth or time.time() - begun > 30:
                    return
                time.sleep(FRAME_S)
        finally:
            worker.stop()
            thread.join()
