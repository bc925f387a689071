"""Waiting for replies: the ways of fetching, their limits and what each costs.

Every row asks a server in a process of its own, which takes 100 ms for each reply; it is started
in the untimed set-up, as the imports are, and `over_import` is the memory that the requests alone
added. A row whose requests did not all succeed is an error and not a time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, order, speedup, value
from velvet_concurrency.comparisons import IDLE, LATENCY, UVLOOP, served

REQUESTS = 1000
PATIENCE = 120.0  # seconds; the wait for a connection counts against it
LINEAR_WITHIN = 0.05
COSTS = {"rate": "req/s", "cpu_percent": "%", "over_import": "MB"}
Row = tuple[dict[str, Any], tuple[str, ...]]


def _figures(work: Callable[[], Any], n: int) -> tuple[Any, dict[str, float]]:
    """Run a fetcher; return its result and what it cost this process."""
    from velvet.bench.memory import peak_mb

    floor, cpu = peak_mb(), time.process_time()
    result = work().all_good()
    used = time.process_time() - cpu
    if len(result.latencies) != n:
        raise ValueError(f"{len(result.latencies)} of {n} replies")
    return result, {
        "rate": n / result.seconds,
        "cpu_percent": 100 * used / result.seconds,
        "over_import": peak_mb() - floor,
        "peak": peak_mb(),
    }


def _fetch(url: str, *, fetcher: str, n: int, timeout: float = PATIENCE, **options: Any) -> Outcome:
    from velvet_concurrency import contenders

    fetch = contenders.load(fetcher).fetch

    def measure(k: int) -> Any:
        return _figures(lambda: fetch(url, k, timeout=timeout, **options), k)

    if n == REQUESTS and fetcher == "serial" and mode() != "full":
        return _extrapolated(measure, n, few=20, more=50)
    if n == REQUESTS and options.get("workers") == 10 and mode() == "quick":
        return _extrapolated(measure, n, few=50, more=100)
    result, figures = measure(n)
    figures["efficiency"] = 100 * LATENCY / result.seconds
    return Outcome(figures, seconds=result.seconds, result=n)


def _extrapolated(measure: Callable[[int], Any], n: int, *, few: int, more: int) -> Outcome:
    """Measure two numbers of requests, insist that they agree within 5 %, and scale up.

    A neighbour on the machine only ever adds time: of up to five tries each number keeps its best.
    """
    tries: dict[int, list[Any]] = {few: [], more: []}
    for _ in range(5):
        for number, found in tries.items():
            found.append(measure(number))
            found.sort(key=lambda one: float(one[0].seconds))
        (first, _), (second, figures) = tries[few][0], tries[more][0]
        off = (second.seconds / more) / (first.seconds / few) - 1
        if abs(off) <= LINEAR_WITHIN:
            break
    else:
        raise ValueError(f"not linear: one of {more} costs {off:+.1%} against one of {few}")
    seconds = second.seconds / more * n
    figures |= {"efficiency": 100 * LATENCY / seconds, "linear_off": abs(off) * 100}
    return Outcome(figures, seconds=seconds, measured_n=more, result=n)


def _sleepers() -> Callable[[], Any]:
    import asyncio

    async def sleepers() -> Outcome:
        began = time.perf_counter()
        await asyncio.wait([asyncio.ensure_future(asyncio.sleep(LATENCY)) for _ in range(REQUESTS)])
        seconds = time.perf_counter() - began
        figures = {"efficiency": 100 * LATENCY / seconds, "rate": REQUESTS / seconds}
        return Outcome(figures, seconds=seconds)

    return sleepers


AIOHTTP: dict[str, Any] = {"fetcher": "aiohttp"}
FETCHERS: dict[str, Row] = {
    "serial": ({"fetcher": "serial"}, ()),
    **{f"threads_{n}": ({"fetcher": "threads", "workers": n}, ()) for n in (10, 50, 200, 1000)},
    "aiohttp_100": ({**AIOHTTP, "limit": 100}, ("aiohttp",)),
    "aiohttp_0": ({**AIOHTTP, "limit": 0}, ("aiohttp",)),
    "aiohttp_0_uvloop": ({**AIOHTTP, "limit": 0, "uvloop": True}, ("aiohttp", "uvloop")),
    "aiohttp_0_warm": ({**AIOHTTP, "limit": 0, "warm": True}, ("aiohttp",)),
    "streams": ({"fetcher": "streams"}, ()),
    "streams_uvloop": ({"fetcher": "streams", "uvloop": True}, ("uvloop",)),
}


def _add_thousand(suite: Suite) -> None:
    fetch = suite.comparison(
        "io_1000x100ms",
        title="1,000 requests of 100 ms each",
        kind="run",
        unit="s",
        metrics={**COSTS, "peak": "MB", "efficiency": Metric("%", "higher"), "linear_off": "%"},
        rounds={"quick": 1, "default": 6, "full": 7},
    )
    for name, (options, imports) in FETCHERS.items():
        work = partial(_fetch, n=REQUESTS, **options)
        needs: tuple[str, ...] = UVLOOP if "uvloop" in imports else ()
        setup = partial(served, work, *imports)
        fetch.add(name, setup, baseline=name == "serial", needs=needs)
    fetch.add("sleep_only", _sleepers, note="no network at all: what the event loop itself costs")
    bench = "io_1000x100ms"
    suite.claim(
        "fifty threads are many times faster than one", speedup(bench, "threads_50", "serial") >= 20
    )
    suite.claim(
        "aiohttp without its default limit of 100 is faster than with it",
        speedup(bench, "aiohttp_0", "aiohttp_100") >= 1.5,
        needs=IDLE,
    )
    suite.claim(
        "streams on uvloop leave aiohttp behind",
        speedup(bench, "streams_uvloop", "aiohttp_0") >= 1.15,
        needs=(*UVLOOP, *IDLE),
    )
    suite.claim(
        "nothing beats the 100 ms of a single reply",
        (value("io_1000x100ms", "sleep_only", "time") >= LATENCY)
        & (value("io_1000x100ms", "streams", "time") >= LATENCY)
        & (value("io_1000x100ms", "aiohttp_0_warm", "time") >= LATENCY),
    )
    suite.claim(
        "requests in turn cost the same each, so that 1,000 may be extrapolated",
        value("io_1000x100ms", "serial", "linear_off") <= 100 * LINEAR_WITHIN,
    )


def _model(url: str, *, n: int, limits: tuple[int, ...]) -> Outcome:
    from velvet_concurrency.contenders import load
    from velvet_concurrency.iobound import predict

    fetch = partial(load("aiohttp").fetch, url, timeout=PATIENCE)
    fetch(20, limit=20)  # what a first request pays for
    cpu = time.process_time()
    fetch(n, limit=limits[-1]).all_good()
    cpu = (time.process_time() - cpu) / n
    errors = []
    for limit in limits:
        result, _ = _figures(partial(fetch, n, limit=limit), n)
        predicted = predict(n, limit, LATENCY, cpu)
        errors.append(abs(predicted - result.seconds) / result.seconds * 100)
    return Outcome({"median_error": statistics.median(errors), "worst_error": max(errors)})


def _add_model(suite: Suite) -> None:
    model = suite.comparison(
        "io_model",
        title="ceil(n / limit) * latency + n * CPU against the clock, aiohttp",
        kind="run",
        unit="%",
        metrics={"median_error": "%", "worst_error": "%"},
        sizes={"requests": [200, 1000]},
        quick=lambda requests: requests == 200,
        rounds={"quick": 1, "default": 1, "full": 5},
    )

    def setup(requests: int) -> Iterator[Any]:
        limits = tuple(limit for limit in (10, 20, 50, 100, 200, 500, 1000) if limit <= requests)
        if mode() == "quick":
            limits = (50, 100, 200)
        return served(partial(_model, n=requests, limits=limits), "aiohttp")

    model.add("aiohttp", setup)
    suite.claim(
        "waves of waiting plus the CPU's part predict the time within a quarter",
        value("io_model", "aiohttp", "median_error") <= 25,
        needs=IDLE,
    )


def _add_growth(suite: Suite) -> None:
    grows = suite.comparison(
        "io_growth",
        title="n requests at once: one thread each, or one task each",
        kind="run",
        unit="s",
        metrics={"over_import": "MB", "per_request": "KB", "rate": "req/s"},
        sizes={"requests": [100, 1000, 4000]},
        quick=lambda requests: requests == 1000,
        rounds={"quick": 1, "default": 2, "full": 7},
    )

    def fetch(url: str, *, n: int, **options: Any) -> Outcome:
        found = _fetch(url, n=n, **options)
        more = {"per_request": found.metrics["over_import"] * 1024 / n}
        return Outcome({**found.metrics, **more}, seconds=found.seconds)

    def setup(options: dict[str, Any], imports: tuple[str, ...], requests: int) -> Iterator[Any]:
        from velvet_concurrency.runtime import raise_fd_limit

        if options["fetcher"] == "threads":
            options = {**options, "workers": requests}
        raise_fd_limit(requests + 200)
        return served(partial(fetch, n=requests, **options), *imports)

    for name, (options, imports) in {
        "aiohttp": FETCHERS["aiohttp_0"],
        "streams": FETCHERS["streams"],
        "threads": ({"fetcher": "threads"}, ()),
    }.items():
        grows.add(name, partial(setup, options, imports), baseline=name == "aiohttp")
    suite.claim(
        "a thread weighs more than a task with its streams",
        order("io_growth", "streams", "threads", metric="per_request", requests=1000),
    )


def _add_clients(suite: Suite) -> None:
    clients = suite.comparison(
        "http_clients",
        title="All requests at once, at most 100 connections",
        kind="run",
        unit="s",
        metrics=COSTS,
        sizes={"requests": [300, 1000]},
        quick=lambda requests: requests == 300,
        rounds={"quick": 1, "default": 1, "full": 5},
    )

    def setup(options: dict[str, Any], imports: tuple[str, ...], requests: int) -> Iterator[Any]:
        return served(partial(_fetch, n=requests, **options), *imports)

    for name, (options, imports) in {
        "aiohttp": FETCHERS["aiohttp_100"],
        "httpx": ({"fetcher": "httpx", "limit": 100, "timeout": 300.0}, ("httpx",)),
        "http_client_threads": ({"fetcher": "threads", "workers": 100}, ()),
    }.items():
        needs = imports if name == "httpx" else ()
        setting = partial(setup, options, imports)
        clients.add(name, setting, baseline=name == "aiohttp", needs=needs)
    suite.claim(
        "aiohttp is many times faster than httpx at high concurrency",
        speedup("http_clients", "aiohttp", "httpx") >= 5,
        needs="httpx",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of fetchers."""
    _add_thousand(suite)
    _add_model(suite)
    _add_growth(suite)
    _add_clients(suite)
