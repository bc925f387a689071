"""What every fetcher shares, so that a diff of two of them shows the libraries and nothing else.

Fetching n times means: ask for one address n times, count a reply as good only when its status is
200 and its body is whole, and end by the deadline whatever the server does.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

from velvet_concurrency.quantiles import quantile
from velvet_concurrency.runtime import Unavailable

T = TypeVar("T")
DEADLINE = "deadline"


class BadReplyError(Exception):
    """The server answered, but not with a whole reply of status 200."""


@dataclass
class FetchResult:
    """What n requests gave.

    Attributes:
        latencies: seconds of each good reply, from the moment the client was asked for it.
        errors: how many requests failed, by kind: an exception's name, `HTTP 500`, `deadline`.
        seconds: of the whole batch, without imports, start-up and warm-up.
    """

    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many requests gave no good reply."""
        return sum(self.errors.values())

    def quantile(self, q: float) -> float:
        """Give the latency that a share `q` of good replies did not exceed (nearest rank).

        Raises:
            ValueError: `q` is outside 0 to 1, or there is no good reply.
        """
        return quantile(self.latencies, q)


def check(n: int, *, timeout: float, deadline: float | None, **counts: int) -> None:
    """Refuse arguments that no fetcher can work with.

    Raises:
        ValueError: naming the argument, the value and the rule.
    """
    if n < 0:
        raise ValueError(f"n must be >= 0, got {n!r}")
    for name, seconds in (("timeout", timeout), ("deadline", deadline)):
        if seconds is not None and not seconds > 0:
            raise ValueError(f"{name} must be > 0 seconds, got {seconds!r}")
    for name, count in counts.items():
        if count < 0:
            raise ValueError(f"{name} must be >= 0, got {count!r}")


def load(name: str) -> ModuleType:
    """Import an optional client at the call, so that importing this module stays cheap.

    Raises:
        Unavailable: with the command that installs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Unavailable(name, "it is not installed", f"pip install {name}") from error


def run(main: Coroutine[Any, Any, T], *, uvloop: bool) -> T:
    """Run a coroutine on a fresh standard loop, or on uvloop (winloop on Windows).

    Raises:
        Unavailable: `uvloop` is asked for and not installed.
    """
    if not uvloop:
        return asyncio.run(main)
    try:
        fast = load("uvloop")
    except Unavailable:
        try:
            fast = load("winloop")
        except Unavailable:
            main.close()
            raise Unavailable(
                "uvloop", "it is not installed", "pip install uvloop (winloop on Windows)"
            ) from None
    result: T = fast.run(main)
    return result


def kind_of(error: BaseException) -> str:
    """Name an error the way `FetchResult.errors` counts it."""
    return str(error) if isinstance(error, BadReplyError) else type(error).__name__


async def batch(
    get: Callable[[], Awaitable[None]],
    n: int,
    *,
    deadline: float | None,
    failures: tuple[type[Exception], ...],
) -> FetchResult:
    """Ask for n replies at once; what is unfinished at the deadline is cancelled and counted.

    Args:
        get: makes one request, raising one of `failures` or `BadReplyError` when it fails.
        n: requests.
        deadline: seconds for all of them together.
        failures: errors that are counted; others are bugs, and propagate.
    """
    result = FetchResult()
    counted: tuple[type[Exception], ...] = (*failures, BadReplyError)
    began = time.monotonic()

    async def one() -> None:
        asked = time.monotonic()
        try:
            await get()
        except counted as error:
            result.errors[kind_of(error)] += 1
        else:
            result.latencies.append(time.monotonic() - asked)

    tasks = [asyncio.ensure_future(one()) for _ in range(n)]
    if tasks:
        done, late = await asyncio.wait(tasks, timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
            result.errors[DEADLINE] += len(late)
        for task in done:
            task.result()
    result.seconds = time.monotonic() - began
    return result
