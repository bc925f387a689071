"""A load generator that sends by the clock, not by the server's permission.

A closed loop sends its next request after the last answer. While the server stands still it sends
nothing, so the time that its users would have waited is in no statistic: coordinated omission. An
open loop draws the times of all requests beforehand; latency counts from the *intended* time, so
waiting for a connection counts, and so does a lag of the generator, which is reported and makes a
result invalid when it matters.

Run as a process of its own: `python -m velvet_web.loadgen '{"url": ..., "rate": 100}'` prints one
JSON line per interval and the result last.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from velvet_web.histogram import Histogram

MAX_LAG_SHARE = 0.10
MIN_ACHIEVED = 0.97


@dataclass(frozen=True)
class Shot:
    """One kind of request and how often it is chosen."""

    target: str
    method: str = "GET"
    body: str = ""
    weight: float = 1.0

    def raw(self, host: str) -> bytes:
        """Return the bytes of the request."""
        head = f"{self.method} {self.target} HTTP/1.1\r\nHost: {host}\r\n"
        if self.body:
            length = len(self.body.encode())
            head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n"
        return f"{head}\r\n{self.body}".encode()


@dataclass(frozen=True)
class LoadPlan:
    """What to send, and how.

    Attributes:
        rate: requests per second of an open loop; 0 makes it a closed loop.
        seconds: duration of the measured part.
        users: connections of a closed loop, each with one request at a time.
        connections: most connections of an open loop; a request beyond waits, and that counts.
        arrivals: "poisson" (as many independent users make it) or "uniform".
        timeout: seconds after which a client gives up and closes its connection.
        deadline: seconds within which an answer is of use; such answers are the goodput.
        retries: how often a request that failed or was refused is sent again, at once.
        requests: ends a closed loop after so many answers, whatever the time.
        surge: (from, to, factor) multiplies the rate between two times, in seconds.
    """

    url: str
    mix: tuple[Shot, ...]
    rate: float = 0.0
    seconds: float = 5.0
    users: int = 1
    connections: int = 200
    arrivals: str = "poisson"
    timeout: float = 10.0
    deadline: float = 0.25
    retries: int = 0
    requests: int = 0
    surge: tuple[float, float, float] = (0.0, 0.0, 1.0)
    seed: int = 1
    every: float = 0.0

    def __post_init__(self) -> None:
        if not self.mix:
            raise ValueError("the mix has no request; name at least one")
        if not (0 <= self.rate <= 20_000 and 0 < self.seconds <= 120):
            raise ValueError(f"rate {self.rate}, seconds {self.seconds}: at most 20000/s for 120 s")
        if not (1 <= self.users <= 500 and 1 <= self.connections <= 500):
            raise ValueError("users and connections are 1 to 500")
        if self.arrivals not in ("poisson", "uniform"):
            raise ValueError(f"arrivals are poisson or uniform, not {self.arrivals!r}")

    def times(self) -> list[float]:
        """Return the intended times of all requests, drawn before the first is sent."""
        rng, now, found = random.Random(self.seed), 0.0, []
        begins, ends, factor = self.surge
        while True:
            rate = self.rate * (factor if begins <= now < ends else 1.0)
            now += rng.expovariate(rate) if self.arrivals == "poisson" else 1 / rate
            if now >= self.seconds:
                return found
            found.append(now)


@dataclass
class Result:
    """What a load did and what came back; times are in microseconds.

    Attributes:
        latency: from the intended time to the last byte, of answered requests.
        service: from the sending to the last byte: what a closed loop would see.
        outcomes: how many requests ended with which status or error.
        good: successes within the deadline.
    """

    offered: float
    seconds: float
    sent: int = 0
    good: int = 0
    peak_waiting: int = 0
    retried: int = 0
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=Histogram)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def completed(self) -> int:
        """Successful answers."""
        return sum(count for outcome, count in self.outcomes.items() if outcome[0] == "2")

    @property
    def errors(self) -> int:
        """Requests that ended otherwise."""
        return sum(self.outcomes.values()) - self.completed

    @property
    def goodput(self) -> float:
        """Successes within the deadline, per second."""
        return self.good / self.seconds

    @property
    def throughput(self) -> float:
        """Successes per second."""
        return self.completed / self.seconds

    def p(self, percent: float) -> float:
        """Return a percentile of the latency in milliseconds."""
        return self.latency.percentile(percent) / 1e3

    @property
    def valid(self) -> bool:
        """Whether the generator itself kept up; what is not valid is never published."""
        if not self.offered:
            return True
        lag, p99 = self.lag.percentile(99), self.latency.percentile(99)
        return lag <= max(MAX_LAG_SHARE * p99, 1000) and self.sent >= MIN_ACHIEVED * (
            self.offered * self.seconds
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads back."""
        found = {name: getattr(self, name) for name in ("offered", "seconds", "sent", "good")}
        histograms = {name: getattr(self, name).to_pairs() for name in _HISTOGRAMS}
        waiting = {
            "peak_waiting": self.peak_waiting,
            "retried": self.retried,
            "outcomes": dict(self.outcomes),
        }
        return {**found, **histograms, **waiting}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Result:
        """Return the result that gave this document."""
        histograms = {name: Histogram.from_pairs(found[name]) for name in _HISTOGRAMS}
        return cls(**{**found, **histograms, "outcomes": Counter(found["outcomes"])})


_HISTOGRAMS = ("latency", "service", "lag")


class _Request:
    __slots__ = ("intended", "raw", "sent", "tries")

    def __init__(self, raw: bytes, intended: float, tries: int) -> None:
        self.raw = raw
        self.intended = intended
        self.tries = tries
        self.sent = 0.0


class _Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request on it."""

    def __init__(self, load: _Load) -> None:
        self.load = load
        self.request: _Request | None = None
        self.transport: asyncio.Transport | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.buffer = b""
        self.reused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: _Request) -> None:
        assert self.transport is not None
        self.request, self.buffer = request, b""
        request.sent = time.perf_counter()
        self.timer = self.load.loop.call_later(self.load.plan.timeout, self.expire)
        self.transport.write(request.raw)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        whole = _whole(self.buffer)
        if whole and self.request is not None:
            status, keeps = whole
            self.finish(status)
            if keeps and self.transport is not None and not self.transport.is_closing():
                self.reused = True
                self.load.free(self)
            else:
                self.close()

    def expire(self) -> None:
        self.finish("timeout")
        self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        request, self.transport = self.request, None
        self.load.lost(self)
        if request is None:
            return
        if self.reused and not self.buffer:
            # Closed while idle: the server never took this request, so it is sent once more.
            self.end_timer()
            self.request = None
            self.load.dispatch(request)
        else:
            self.finish("reset")
        self.load.next()

    def finish(self, outcome: str) -> None:
        request, self.request = self.request, None
        self.end_timer()
        if request is not None:
            self.load.done(request, outcome)

    def end_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def close(self) -> None:
        self.load.lost(self)
        if self.transport is not None:
            self.transport.abort()
        self.load.next()


def _whole(data: bytes) -> tuple[str, bool] | None:
    """Return status and keep-alive once a response is complete; two framings are enough here."""
    head, mark, body = data.partition(b"\r\n\r\n")
    if not mark:
        return None
    low = head.lower()
    keeps = b"connection: close" not in low and low.startswith(b"http/1.1")
    status = head[9:12].decode("latin-1")
    at = low.find(b"content-length:")
    if at >= 0:
        length = int(low[at + 15 :].split(b"\r\n", 1)[0])
        return (status, keeps) if len(body) >= length else None
    if b"transfer-encoding: chunked" in low:
        return (status, keeps) if body.endswith(b"0\r\n\r\n") else None
    return (status, False) if status in ("204", "304") else None


class _Load:
    """One load on its way."""

    def __init__(self, plan: LoadPlan, tell: Callable[[dict[str, Any]], None] | None) -> None:
        self.plan = plan
        self.tell = tell
        address = urlsplit(plan.url)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.raw = [shot.raw(address.netloc) for shot in plan.mix]
        self.weights = [shot.weight for shot in plan.mix]
        self.rng = random.Random(plan.seed + 1)
        self.loop = asyncio.get_running_loop()
        self.idle: list[_Connection] = []
        self.waiting: deque[_Request] = deque()
        self.open: set[_Connection] = set()
        self.opening: set[asyncio.Task[None]] = set()
        self.result = Result(plan.rate, plan.seconds)
        self.window = Result(plan.rate, plan.every or 1.0)
        self.outstanding = 0
        self.finished = asyncio.Event()
        self.all_sent = self.stopping = False
        self.began = 0.0

    async def run(self) -> Result:
        self.began = time.perf_counter()
        teller = asyncio.ensure_future(self._tell_regularly()) if self.tell else None
        if self.plan.rate:
            await self._open_loop()
        else:
            await self._closed_loop()
        if teller is not None:
            teller.cancel()
        self.stopping = True
        for connection in tuple(self.open):
            if connection.transport is not None:
                connection.transport.abort()
        for task in tuple(self.opening):
            task.cancel()
        await asyncio.sleep(0)
        return self.result

    async def _open_loop(self) -> None:
        for intended in self.plan.times():
            delay = self.began + intended - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            lag = time.perf_counter() - self.began - intended
            self.result.lag.record(int(max(lag, 0) * 1e6))
            self.shoot(self.began + intended)
        self.all_sent, patience = True, self.plan.timeout + 1
        if self.outstanding:
            try:
                await asyncio.wait_for(self.finished.wait(), patience)
            except asyncio.TimeoutError:
                self.result.outcomes["unfinished"] += self.outstanding

    async def _closed_loop(self) -> None:
        for _ in range(self.plan.users):
            self.shoot(time.perf_counter())
        try:
            await asyncio.wait_for(self.finished.wait(), self.plan.seconds)
        except asyncio.TimeoutError:
            pass
        self.result.seconds = time.perf_counter() - self.began

    def shoot(self, intended: float) -> None:
        """Send a request of the mix, now or when a connection is free."""
        raw = self.rng.choices(self.raw, self.weights)[0] if len(self.raw) > 1 else self.raw[0]
        self.result.sent += 1
        self.window.sent += 1
        self.outstanding += 1
        self.dispatch(_Request(raw, intended, self.plan.retries))

    def dispatch(self, request: _Request) -> None:
        """Give a request to an idle connection, a new one, or the queue."""
        if self.idle:
            self.idle.pop().send(request)
            return
        self.waiting.append(request)
        self.result.peak_waiting = max(self.result.peak_waiting, len(self.waiting))
        self.next()

    def next(self) -> None:
        """Open a connection while requests wait and more are allowed."""
        limit = self.plan.connections if self.plan.rate else self.plan.users
        busy = len(self.open) + len(self.opening)
        if self.waiting and not self.stopping and busy < limit:
            if len(self.opening) < len(self.waiting):
                task = self.loop.create_task(self._connect())
                self.opening.add(task)
                task.add_done_callback(self.opening.discard)

    async def _connect(self) -> None:
        try:
            _, connection = await asyncio.wait_for(
                self.loop.create_connection(lambda: _Connection(self), self.host, self.port),
                self.plan.timeout,
            )
        except (OSError, asyncio.TimeoutError) as error:
            if self.waiting:
                kind = "timeout" if isinstance(error, asyncio.TimeoutError) else "refused"
                self.done(self.waiting.popleft(), kind)
            self.loop.call_soon(self.next)
            return
        self.open.add(connection)
        self.free(connection)

    def free(self, connection: _Connection) -> None:
        """Use a connection for the request that has waited longest."""
        while self.waiting:
            request = self.waiting.popleft()
            if time.perf_counter() - request.intended < self.plan.timeout:
                connection.send(request)
                return
            self.done(request, "timeout")  # its client gave up in the queue
        self.idle.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Forget a connection."""
        self.open.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)

    def done(self, request: _Request, outcome: str) -> None:
        """Count how a request ended, and send the next one of a closed loop."""
        now = time.perf_counter()
        success = outcome[0] == "2"
        if not success and request.tries > 0 and not self.stopping:
            request.tries -= 1
            self.result.retried += 1
            self.dispatch(request)
            return
        for result in (self.result, self.window) if self.tell else (self.result,):
            result.outcomes[outcome] += 1
            if outcome.isdigit():
                result.latency.record(int((now - request.intended) * 1e6))
                result.service.record(int((now - request.sent) * 1e6))
            result.good += success and now - request.intended <= self.plan.deadline
        self.outstanding -= 1
        if self.plan.rate:
            if self.all_sent and not self.outstanding:
                self.finished.set()
        elif self.plan.requests and sum(self.result.outcomes.values()) >= self.plan.requests:
            self.finished.set()
        elif not self.stopping and not self.finished.is_set():
            if not self.plan.requests or self.result.sent < self.plan.requests:
                self.loop.call_soon(self.shoot, now)

    async def _tell_regularly(self) -> None:
        while self.tell is not None:
            await asyncio.sleep(self.plan.every)
            window, self.window = self.window, Result(self.plan.rate, self.plan.every)
            self.tell(
                {
                    "at": round(time.perf_counter() - self.began, 3),
                    "offered": round(window.sent / self.plan.every, 1),
                    "goodput": round(window.goodput, 1),
                    "throughput": round(window.throughput, 1),
                    "failed": round(window.errors / self.plan.every, 1),
                    "p50": round(window.p(50), 2),
                    "p99": round(window.p(99), 2),
                    "waiting": self.outstanding,
                }
            )


async def run_load(
    plan: LoadPlan, tell: Callable[[dict[str, Any]], None] | None = None
) -> Result:
    """Run a plan in this event loop; `tell` receives figures every `plan.every` seconds."""
    return await _Load(plan, tell if plan.every else None).run()


def precise_loop() -> asyncio.AbstractEventLoop:
    """Return a loop whose timers are precise to microseconds; `epoll` rounds up to milliseconds."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def stream(plan: LoadPlan) -> Iterator[dict[str, Any]]:
    """Run a plan in a process of its own; yield its figures, then its result as `"result"`."""
    arguments = json.dumps(asdict(plan))
    with subprocess.Popen(
        [sys.executable, "-m", "velvet_web.loadgen", arguments], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                yield json.loads(line)
        finally:
            if child.poll() is None:
                child.kill()


def measure(plan: LoadPlan) -> Result:
    """Run a plan in a process of its own and return its result.

    Raises:
        RuntimeError: the process ended without one.
    """
    for event in stream(plan):
        if "result" in event:
            return Result.from_json(event["result"])
    raise RuntimeError("the load generator ended without a result")


@dataclass(frozen=True)
class Capacity:
    """The highest rate that kept its objective, and what was tried on the way."""

    rate: float
    tried: tuple[tuple[float, float], ...]


def find_capacity(
    plan: LoadPlan,
    slo_ms: float,
    *,
    start: float,
    factor: float = 1.5,
    most: float = 2000.0,
    run: Callable[[LoadPlan], Result] = measure,
) -> Capacity:
    """Raise the rate until its p99 misses an objective; return the last rate that met it.

    Args:
        plan: its rate is replaced.
        slo_ms: objective for the 99th percentile of latency, in milliseconds.
    """
    rate, best, tried = start, 0.0, []
    while rate <= most:
        result = run(replace(plan, rate=rate))
        tried.append((rate, result.p(99)))
        if result.errors or result.p(99) > slo_ms:
            break
        best, rate = rate, rate * factor
    return Capacity(best, tuple(tried))


def _main(argument: str) -> None:
    given = json.loads(argument)
    given["mix"] = tuple(Shot(**shot) for shot in given["mix"])
    given["surge"] = tuple(given.get("surge", (0.0, 0.0, 1.0)))

    def tell(event: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()

    loop = precise_loop()
    try:
        result = loop.run_until_complete(run_load(LoadPlan(**given), tell))
    finally:
        loop.close()
    tell({"result": result.to_json()})


if __name__ == "__main__":
    _main(sys.argv[1])
