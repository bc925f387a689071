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
import contextlib
import json
import random
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from velvet_web.loadplan import LoadPlan, Result, Shot


@dataclass(slots=True)
class _Request:
    raw: bytes
    intended: float
    tries: int
    sent: float = 0.0


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

    def connection_lost(self, _: Exception | None) -> None:
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
        times = self.plan.times()
        self.result.offered = len(times) / self.plan.seconds  # independent users come irregularly
        for intended in times:
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
        for _ in range(min(self.plan.users, self.plan.requests or self.plan.users)):
            self.shoot(time.perf_counter())
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.finished.wait(), self.plan.seconds)
        self.result.seconds = time.perf_counter() - self.began

    def shoot(self, intended: float) -> None:
        """Send a request of the mix, now or when a connection is free."""
        raw = self.rng.choice(self.raw) if len(self.raw) > 1 else self.raw[0]
        self.result.sent += 1
        self.window.sent += 1
        self.outstanding += 1
        self.dispatch(_Request(raw, intended, self.plan.retries))

    def _shoot_again(self, now: float) -> None:
        more = not self.plan.requests or self.result.sent < self.plan.requests
        if more and not self.stopping and not self.finished.is_set():
            self.shoot(now)

    def dispatch(self, request: _Request) -> None:
        """Send a request on an idle connection, or queue it for a new one."""
        if self.idle:
            self.idle.pop().send(request)
            return
        self.waiting.append(request)
        self.next()

    def next(self) -> None:
        """Open a connection while requests wait and more are allowed."""
        limit = self.plan.connections if self.plan.rate else self.plan.users
        busy = len(self.open) + len(self.opening)
        wanted = len(self.opening) < len(self.waiting)
        if wanted and not self.stopping and busy < limit:
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
        else:
            self.loop.call_soon(self._shoot_again, now)

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


async def run_load(plan: LoadPlan, tell: Callable[[dict[str, Any]], None] | None = None) -> Result:
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


def find_capacity(
    plan: LoadPlan,
    slo_ms: float,
    *,
    start: float,
    factor: float = 1.5,
    most: float = 2000.0,
    run: Callable[[LoadPlan], Result] = measure,
) -> tuple[float, list[tuple[float, float]]]:
    """Raise the rate until its p99 misses an objective.

    Returns the last rate that met it, and each rate that was tried with its p99.

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
    return best, tried


def _main(arguments: list[str]) -> None:
    try:
        given = json.loads(arguments[0])
        mix = tuple(Shot(**shot) for shot in given["mix"])
        surge = tuple(given.get("surge", (0.0, 0.0, 1.0)))
        plan = LoadPlan(**{**given, "mix": mix, "surge": surge})
    except (IndexError, KeyError, TypeError, ValueError) as error:
        usage = '{"url": "http://127.0.0.1:8000", "mix": [{"target": "/"}], "rate": 100}'
        sys.exit(f"{error!r} in the plan; give one such as '{usage}'")

    def tell(event: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()

    loop = precise_loop()
    try:
        result = loop.run_until_complete(run_load(plan, tell))
    finally:
        loop.close()
    tell({"summary": result.summary()} if sys.stdout.isatty() else {"result": result.to_json()})


if __name__ == "__main__":
    _main(sys.argv[1:])
