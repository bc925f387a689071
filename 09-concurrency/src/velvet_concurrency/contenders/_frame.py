"""What every fetcher shares, so that a diff of two of them shows the libraries and nothing else.

Fetching n times means: ask for one address n times, count a reply as good only when its status is
200 and its body is whole, and end by the deadline whatever the server does.
"""

from __future__ import annotations

import asyncio
import http.client
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from velvet_concurrency.runtime import Unavailable, check_int, load

T = TypeVar("T")
Get: TypeAlias = Callable[[], Awaitable[None]]
Failures: TypeAlias = tuple[type[Exception], ...]
DEADLINE = "deadline"


class BadReplyError(Exception):
    """The server answered, but not with a whole reply of status 200."""


class FetchFailed(RuntimeError):
    """Some requests gave no good reply, so that their time says nothing."""


@dataclass
class FetchResult:
    """What n requests gave."""

    latencies: list[float] = field(default_factory=list)
    """Seconds of each good reply, from the moment the client was asked for it."""
    errors: Counter[str] = field(default_factory=Counter)
    """How many requests failed, by kind: an exception's name, `HTTP 500`, `deadline`."""
    seconds: float = 0.0  # of the whole batch, without imports, start-up and warm-up

    @property
    def failed(self) -> int:
        """How many requests gave no good reply."""
        return sum(self.errors.values())

    async def count(self, get: Get, failures: Failures, asked: float) -> None:
        """Await one request that was `asked` for at a moment of `time.perf_counter`, and note its end."""
        counted: Failures = (*failures, BadReplyError)
        try:
            await get()
        except counted as error:
            self.errors[kind_of(error)] += 1
        else:
            self.latencies.append(time.perf_counter() - asked)

    def all_good(self) -> FetchResult:
        """Return this result; raise `FetchFailed` when a request failed.

        Requests that fail at once take no time: whoever times a batch has to ask.
        """
        if self.failed:
            total = self.failed + len(self.latencies)
            raise FetchFailed(f"{self.failed} of {total} requests failed: {dict(self.errors)}")
        return self


def check(n: int, *, timeout: float, deadline: float | None, **counts: int) -> None:
    """Raise ValueError, naming argument, value and rule, for what no fetcher can work with."""
    if not 0 < timeout < float("inf"):
        raise ValueError(f"timeout must be finite and > 0 seconds, got {timeout!r}")
    if deadline is not None and not deadline > 0:
        raise ValueError(f"deadline must be > 0 seconds, got {deadline!r}")
    for name, count in {"n": n, **counts}.items():
        check_int(name, count, 0)


def run(main: Coroutine[Any, Any, T], *, uvloop: bool) -> T:
    """Run a coroutine on a fresh standard loop, or on uvloop (winloop on Windows) if it is installed."""
    if not uvloop:
        return asyncio.run(main)
    for name in ("uvloop", "winloop"):
        try:
            fast: Any = load(name)
        except Unavailable:
            continue
        result: T = fast.run(main)
        return result
    main.close()
    way_out = "pip install uvloop (winloop on Windows)"
    raise Unavailable("uvloop", "it is not installed", way_out)


def kind_of(error: BaseException) -> str:
    """Name an error the way `FetchResult.errors` counts it."""
    return str(error) if isinstance(error, BadReplyError) else type(error).__name__


async def batch(
    get: Get, n: int, *, deadline: float | None, failures: Failures, warm: bool = False
) -> FetchResult:
    """Ask for n replies at once; what is unfinished at the deadline is cancelled and counted.

    `get` makes one request and raises one of `failures` or `BadReplyError` when it fails; other errors
    are bugs, and propagate. `deadline` is in seconds, for all of them together; `warm` asks for a batch
    beforehand, untimed, so that connections are open.
    """
    if warm:
        await batch(get, n, deadline=deadline, failures=failures)
    result, began = FetchResult(), time.perf_counter()
    tasks = [
        asyncio.ensure_future(result.count(get, failures, time.perf_counter())) for _ in range(n)
    ]
    if tasks:
        done, late = await asyncio.wait(tasks, timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
            result.errors[DEADLINE] += len(late)
        for task in done:
            task.result()
    result.seconds = time.perf_counter() - began
    return result


def drain(url: str, todo: deque[int], result: FetchResult, *, timeout: float, until: float) -> None:
    """Fetch over one blocking `http.client` connection until `todo` is empty.

    Several threads may share `todo`; connection and `result` are the caller's own: neither is thread-safe.
    `timeout` seconds bound each socket operation; requests that `until` (monotonic) finds untried are
    counted as `deadline`.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        while True:
            try:
                todo.popleft()
            except IndexError:
                return
            began = time.monotonic()
            if began >= until:
                result.errors[DEADLINE] += 1
                continue
            left = min(timeout, until - began)
            connection.timeout = left
            if connection.sock is not None:
                connection.sock.settimeout(left)
            try:
                connection.request("GET", parts.path or "/")
                reply = connection.getresponse()
                reply.read()
                if reply.status != 200:
                    raise BadReplyError(f"HTTP {reply.status}")
            except (OSError, http.client.HTTPException, BadReplyError) as error:
                cut = isinstance(error, TimeoutError) and left < timeout
                result.errors[DEADLINE if cut else kind_of(error)] += 1
                connection.close()
            else:
                result.latencies.append(time.monotonic() - began)
    finally:
        connection.close()
