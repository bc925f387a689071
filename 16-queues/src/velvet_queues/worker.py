"""A worker for the `LeaseQueue`: threads that lease and work, one that keeps leases alive.

It ends gracefully: told to stop, it leases nothing more and finishes what runs. What it cannot
finish, because it is killed, is taken by another worker when the lease runs out.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from velvet_queues.envelope import Envelope, check_length
from velvet_queues.errors import LeaseLost, QueueUnavailable
from velvet_queues.leasequeue import Leased, LeaseQueue
from velvet_queues.retry import RetryPolicy

Handler = Callable[[Envelope], Any]


class TokenBucket:
    """A rate limit: `rate` permits a second, up to `burst` at once. Thread-safe, O(1).

    Raises:
        ValueError: no positive rate, or a burst below one.
    """

    def __init__(
        self, rate: float, burst: float = 1.0, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"rate must be above 0 a second, not {rate!r}")
        if not burst >= 1:
            raise ValueError(f"burst must be at least 1, not {burst!r}")
        self.rate, self.burst, self.clock = rate, burst, clock
        self._tokens, self._at = burst, clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a permit and return 0, or return the seconds until there is one."""
        with self._lock:
            now = self.clock()
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0.0
            return (1 - self._tokens) / self.rate


class Worker:
    """Run handlers for the messages of a queue.

    Args:
        handlers: the task's name -> a callable that receives the envelope. A name without one is
            dead at once, and the worker goes on.
        concurrency: how many threads work.
        visibility_s: the lease's length in seconds; while a handler runs it is extended.
        policy: which failures are tried again, and when.
        limit: how many tasks may begin each second.
        poll_s: seconds between two looks into an empty queue.
        tell: called with the outcome, the envelope and the seconds it ran, for metrics.

    Raises:
        ValueError: a concurrency below 1; a lease or a pause without a length, or without an end.
    """

    def __init__(
        self,
        queue: LeaseQueue,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int = 1,
        visibility_s: float = 30.0,
        policy: RetryPolicy | None = None,
        limit: TokenBucket | None = None,
        poll_s: float = 0.02,
        tell: Callable[[str, Envelope, float], object] | None = None,
    ) -> None:
        if not concurrency >= 1:
            raise ValueError(f"concurrency must be at least 1, not {concurrency!r}")
        check_length("visibility_s", visibility_s)
        check_length("poll_s", poll_s)
        self.queue, self.handlers, self.concurrency = queue, handlers, concurrency
        self.visibility_s, self.poll_s = visibility_s, poll_s
        self.policy, self.limit, self.tell = policy or RetryPolicy(), limit, tell
        self.name = f"worker-{uuid.uuid4().hex[:8]}"
        self.counts: Counter[str] = Counter()
        self._held: dict[str, Leased] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Lease nothing more; `run` returns when what runs is finished. Safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until `stop`."""
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep_leases, args=(ended,), name=f"{self.name}-keep")
        threads = [
            threading.Thread(target=self._loop, name=f"{self.name}-{number}")
            for number in range(self.concurrency)
        ]
        for thread in (keeper, *threads):
            thread.start()
        try:
            # A wait with a time-out lets signals through on every system.
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(0.1)
        finally:
            self.stop()
            for thread in threads:
                thread.join()
            ended.set()
            keeper.join()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self.run_once()
            except QueueUnavailable:
                busy = False  # the broker restarts; leases stand in it, or it has lost them
            if not busy:
                self._stop.wait(self.poll_s)

    def run_once(self) -> bool:
        """Lease and work one message, or wait for the rate limit; False when no message was ready."""
        pause = self.limit.take() if self.limit else 0.0
        if pause:
            self._stop.wait(min(pause, 0.1))
            return True
        taken = self.queue.lease(self.name, 1, self.visibility_s)
        for leased in taken:
            with self._lock:
                self._held[leased.token] = leased
            begun = time.monotonic()
            try:
                outcome = self._work(leased)
            except LeaseLost:
                outcome = "lease_lost"
            finally:
                with self._lock:
                    self._held.pop(leased.token, None)
            with self._lock:
                self.counts[outcome] += 1
            if self.tell is not None:
                self.tell(outcome, leased.envelope, time.monotonic() - begun)
        return bool(taken)

    def _work(self, leased: Leased) -> str:
        envelope = leased.envelope
        handler = self.handlers.get(envelope.task)
        if handler is None:
            self.queue.bury(leased, f"unknown task {envelope.task!r}")
            return "unknown"
        try:
            handler(envelope)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - else SystemExit would end this thread
            reason = f"{type(error).__name__}: {error}"
            delay = self.policy.delay_after(error, envelope.attempts)
            if delay is None:
                self.queue.bury(leased, reason)
                return "dead"
            return "dead" if self.queue.nack(leased, delay, reason) else "retried"
        self.queue.ack(leased)
        return "done"

    def _keep_leases(self, ended: threading.Event) -> None:
        """Extend the leases of what runs, three times within their length."""
        while not ended.wait(self.visibility_s / 3):
            with self._lock:
                held = list(self._held.values())
            for leased in held:
                try:
                    self.queue.heartbeat(leased, self.visibility_s)
                except (LeaseLost, QueueUnavailable):
                    continue  # the acknowledgement will be refused, and counted
