"""Attacks on a queue, and what the ledger says afterwards.

Every attack has the same frame: start a worker, wait for its canary, send tasks, let some finish,
strike, let a fresh worker take over where the old one is gone, and wait until nothing is missing
or nothing has moved for the contender's own recovery time.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from velvet_queues.brokers import Broker, address, attacked
from velvet_queues.contenders import VISIBILITY_S, Client, Place, load
from velvet_queues.envelope import MAX_ATTEMPTS, Envelope
from velvet_queues.fleet import PATIENCE_S, Fleet, NotReady
from velvet_queues.ledger import Ledger, Verdict
from velvet_queues.proxy import Proxy

# Of the defaults: a queue that waits longer before it recovers is counted as one that lost.
WINDOW_S = 12.0
DOWN_S = 2.0
BURST, BURST_MS = 8, 50  # tasks between two kills in a row
POISON_S = 20.0
RESTARTS_S = 150.0  # each start takes up to half a minute on a busy machine
LATE_S = 1.0  # in which a worker that was stopped makes the effect that it was about to make


@dataclass
class Scene:
    """One run: its place and its parts, for a scenario to strike at."""

    place: Place
    client: Client
    fleet: Fleet
    ledger: Ledger
    tasks: int
    broker: Broker | None = None
    proxy: Proxy | None = None
    quiet_s: float = WINDOW_S
    struck_at: float = 0.0

    def send(self, count: int, task: str, payload: object, **options: object) -> list[str]:
        """Send tasks and note them in the ledger once the broker has confirmed them."""
        ids = []
        for _ in range(count):
            envelope = Envelope(task, payload, **options)  # type: ignore[arg-type]
            self.client.send(envelope)
            self.ledger.record("sent", envelope.id)
            ids.append(envelope.id)
        return ids

    def wait_for(self, finished: int, timeout_s: float = 60.0, *, running: int = 0) -> bool:
        """Wait until so many tasks are finished, and so many run; False when that took too long."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            done, started = self.ledger.verdict().finished, self.ledger.count("started")
            if done >= finished and started - self.ledger.count("finished") >= running:
                return True
            time.sleep(0.02)
        return False

    def settle(self) -> None:
        """Wait until nothing is missing, or no event came for `quiet_s` seconds."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < self.quiet_s:
            entries = [one for one in self.ledger.entries() if not one.is_canary]
            if len(entries) != seen:
                seen, since = len(entries), time.monotonic()
            if not self.ledger.verdict().lost:
                return
            time.sleep(0.05)

    def half_way(self) -> None:
        """Send the tasks, wait until a quarter is finished and one runs: the moment to strike."""
        self.send(self.tasks, "effect", 150)
        self.wait_for(self.tasks // 4, running=1)
        self.strike()

    def strike(self) -> None:
        """Note the moment of the attack."""
        self.struck_at = time.time()


@dataclass(frozen=True)
class Report:
    """A verdict with what the ledger cannot know.

    Attributes:
        max_starts: how often the task that was started most often was started.
        recovered_s: from the strike to the last finish, where all were finished; else 0.
        boot_s: of the first worker.
    """

    scenario: str
    place: Place
    verdict: Verdict
    max_starts: int
    recovered_s: float
    boot_s: float


def worker_kill(scene: Scene) -> None:
    """Kill the worker with all its processes in mid-task, then start another."""
    scene.half_way()
    scene.fleet.kill9()
    scene.fleet.start()


def worker_pause(scene: Scene) -> None:
    """Stop the worker for longer than its lease, beside one that works."""
    scene.half_way()
    with scene.fleet.paused():
        second = Fleet(scene.place, log=scene.fleet.log, own_session=scene.fleet.own_session)
        with second:
            time.sleep(VISIBILITY_S)
            scene.settle()
    time.sleep(LATE_S)
    scene.settle()


def broker_restart(scene: Scene) -> None:
    """Kill the broker, leave it down for a while, start it again; then the worker if it ended."""
    assert scene.broker is not None
    scene.half_way()
    scene.broker.kill()
    time.sleep(DOWN_S)
    scene.broker.restart()
    if not scene.fleet.alive():
        scene.fleet.start()


def network_cut(scene: Scene) -> None:
    """Break the worker's connections to the broker for a while."""
    assert scene.proxy is not None
    scene.half_way()
    scene.proxy.cut()
    time.sleep(DOWN_S)
    scene.proxy.mend()
    if not scene.fleet.alive():
        scene.fleet.start()


def poison(scene: Scene) -> None:
    """Send a task that kills its worker, among others; restart what it kills, as systemd does."""
    scene.send(1, "poison", "kill", max_attempts=3)
    scene.strike()
    scene.send(scene.tasks - 1, "effect", 20)
    until = time.monotonic() + min(scene.quiet_s, POISON_S)
    while time.monotonic() < until or scene.ledger.verdict().finished < scene.tasks - 1:
        if not scene.fleet.alive():
            scene.fleet.start()
        if time.monotonic() > until + RESTARTS_S:
            return
        time.sleep(0.05)


def deploy(scene: Scene) -> None:
    """Start the new worker, then ask the old one to end: a rolling deploy."""
    scene.half_way()
    old = len(scene.fleet.processes)
    scene.fleet.start()
    scene.fleet.terminate(first=old)


SCENARIOS: dict[str, Callable[[Scene], None]] = {
    one.__name__: one
    for one in (worker_kill, worker_pause, broker_restart, network_cut, poison, deploy)
}


@contextmanager
def scene(
    contender: str,
    broker: str,
    profile: str,
    tasks: int = 30,
    *,
    attack: str = "",
    own_session: bool = True,
) -> Iterator[Scene]:
    """Yield a scene whose worker is ready; everything is gone afterwards.

    Raises:
        ServiceUnavailable: the broker is not available here.
        NotReady: the worker did not come up.
        ValueError: a pair that does not exist.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="velvet-queues-"))
        private: Broker | None = None
        if attack == "broker_restart":
            private = stack.enter_context(attacked(broker, durable=profile == "production"))
            url = private.url
        else:
            url = stack.enter_context(address(broker, folder))
        place = Place(contender, broker, url, folder, profile)
        seen, proxy = place, None
        if attack == "network_cut":
            parts = urlsplit(url)
            proxy = stack.enter_context(Proxy((str(parts.hostname), int(parts.port or 0))))
            seen = replace(place, url=url.replace(f":{parts.port}", f":{proxy.port}", 1))
        ledger = stack.enter_context(Ledger(folder))
        client = load(contender).client(place)
        stack.callback(_closed, client, private is not None)
        fleet = stack.enter_context(Fleet(seen, own_session=own_session))
        fleet.wait_ready(client, ledger)
        quiet = load(contender).RECOVERY_S if profile == "production" else WINDOW_S
        yield Scene(place, client, fleet, ledger, tasks, private, proxy, quiet)


def _closed(client: Client, private: bool) -> None:
    """Close a client; of a broker that was attacked nothing has to be tidied away."""
    try:
        client.close()
    except Exception:
        if not private:
            raise


def attack(
    scenario: str,
    contender: str,
    broker: str,
    profile: str = "production",
    tasks: int = 30,
    *,
    quiet_s: float | None = None,
) -> Report:
    """Run a scenario and return what the ledger says.

    Args:
        quiet_s: for how long nothing has to happen before what is missing is called lost.

    Raises:
        ValueError: no such scenario.
        QueueError, ServiceUnavailable: see `scene`.
    """
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise ValueError(f"scenario must be one of {known}, not {scenario!r}")
    if tasks < 8:
        raise ValueError(f"tasks must be at least 8, not {tasks!r}")
    with scene(contender, broker, profile, tasks, attack=scenario) as ready:
        ready.quiet_s = ready.quiet_s if quiet_s is None else quiet_s
        SCENARIOS[scenario](ready)
        if scenario != "poison":
            ready.settle()
        verdict = ready.ledger.verdict()
        told = ready.ledger.entries()
        finishes = [one.at for one in told if one.event == "finished"]
        starts = Counter(one.id for one in told if one.event == "started")
        recovered = 0.0 if verdict.lost else max(finishes, default=0.0) - ready.struck_at
        most = max(starts.values(), default=0)
        return Report(scenario, ready.place, verdict, most, max(0.0, recovered), ready.fleet.boot_s)


def killed_again(contender: str, broker: str, kills: int) -> Verdict:
    """Kill the worker in mid-task so many times in a row, and return what the ledger says.

    What one worker held is taken over while the next are at work, which may be cut off in it, too.

    Raises:
        NotReady: a fresh worker did nothing for two minutes.
        QueueError, ServiceUnavailable: see `scene`.
    """
    with scene(contender, broker, "production") as ready:
        for number in range(kills):
            ready.send(BURST, "effect", BURST_MS, max_attempts=MAX_ATTEMPTS)
            if not ready.wait_for(ready.ledger.verdict().finished + 2, PATIENCE_S):
                raise NotReady(f"{contender} on {broker} stands still after {number} kills")
            ready.fleet.kill9()
            ready.fleet.start()
        ready.settle()
        return ready.ledger.verdict()
