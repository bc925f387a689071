"""What a request costs the client: in sequence, in flight together, with and without a session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, across, ratio, speedup
from velvet_http.comparisons._server import served
from velvet_http.comparisons.bare import LIBRARIES, NEEDS

BATCH, FEW = 20, 10  # requests of one timed call
FLIGHTS = (1, 20, 100)
TRAP_BYTES = 131_072


def _sequence(name: str) -> Iterator[Any]:
    from velvet_http.comparisons.bare import repeat

    return served(lambda server: _call(repeat(name), server.urls["http"] + "/json"))


def _call(repeat: Callable[..., Any], url: str) -> Callable[[], Any]:
    """Return one batch, as a coroutine function where the client is asyncio's."""
    if asyncio.iscoroutinefunction(repeat):

        async def batch() -> Any:
            return await repeat(url, BATCH)

        return batch
    return lambda: repeat(url, BATCH)


def _in_flight(name: str, in_flight: int) -> Iterator[Any]:
    """Measure the CPU time of this process, threads included, per request."""
    import importlib

    from velvet_http.comparisons.bare import repeat

    count = 200 if in_flight < 50 else 400

    def work(server: Any) -> Callable[[], Outcome]:
        url = server.urls["http"] + "/json"

        def measure() -> Outcome:
            before = time.process_time()
            if name.endswith("+threads"):
                total = _threads(
                    importlib.import_module(name.partition("+")[0]), url, count, in_flight
                )
            else:
                total = asyncio.run(repeat(name)(url, count, in_flight))
            cpu = (time.process_time() - before) / count
            return Outcome({"cpu_us": cpu * 1e6}, result=total / count)

        return measure

    importlib.import_module(name.partition("+")[0])
    return served(work)


def _threads(library: Any, url: str, count: int, width: int) -> int:
    """GET in threads over one session whose pool is as large as the number of threads."""
    if library.__name__ == "requests":
        session = library.Session()
        session.mount("http://", library.adapters.HTTPAdapter(pool_maxsize=width))
        one, close = lambda _: len(session.get(url, timeout=30).content), session.close
    else:
        pool = library.PoolManager(maxsize=width, block=True)
        one, close = lambda _: len(pool.request("GET", url, timeout=30).data), pool.clear
    with ThreadPoolExecutor(width) as workers:
        total = sum(workers.map(one, range(count)))
    close()
    return total


def _session(library: str, scheme: str, *, kept: bool) -> Iterator[Any]:
    """Set up one request over a session that is kept, or over none."""
    import importlib
    import ssl

    module = importlib.import_module(library)

    def work(server: Any) -> Callable[[], Any]:
        url = server.urls[scheme] + "/json"
        if library == "requests":
            session = module.Session()
            session.trust_env = False
            session.verify = server.ca_file
            if kept:
                return lambda: sum(len(session.get(url, timeout=30).content) for _ in range(FEW))
            get = partial(module.get, url, timeout=30, verify=server.ca_file)
            return lambda: sum(len(get().content) for _ in range(FEW))
        context = ssl.create_default_context(cafile=server.ca_file)

        async def fetch(count: int = FEW) -> int:
            connector, total = module.TCPConnector(ssl=context), 0
            async with module.ClientSession(connector=connector) as session:
                for _ in range(count):
                    async with session.get(url) as response:
                        total += len(await response.read())
            return total

        async def alone() -> int:
            return sum([await fetch(1) for _ in range(FEW)])

        return fetch if kept else alone

    return served(work, tls=True)


def _cold(library: str) -> Iterator[Any]:
    import importlib

    get = importlib.import_module(library).get
    return served(
        lambda server: lambda: len(get(server.urls["http"] + "/json", timeout=30).content)
    )


def _trap(chunk: int | None) -> Iterator[Any]:
    import requests

    def work(server: Any) -> Callable[[], Outcome]:
        def measure() -> Outcome:
            url = f"{server.urls['http']}/json?size={TRAP_BYTES}"
            with requests.get(url, stream=True, timeout=60) as response:
                pieces = response.iter_content() if chunk is None else response.iter_content(chunk)
                began = time.perf_counter()
                total = sum(len(piece) for piece in pieces)
                took = time.perf_counter() - began
            return Outcome({"per_mb": took / total * 1e6}, seconds=took, result=total)

        return measure

    return served(work)


def add_to(suite: Suite) -> None:
    """Declare the comparisons of this file and their claims."""
    _add_sequential(suite)
    _add_in_flight(suite)
    _add_reuse(suite)
    _add_traps(suite)


def _add_sequential(suite: Suite) -> None:
    rows = suite.comparison(
        "sequential",
        title="One GET of 1 KB after another, sessions of twenty requests: CPU time of the client",
        kind="micro",
        unit="us",
        clock="cpu",
        items=BATCH,
        rounds={"quick": 5, "default": 10},
    )
    for name in LIBRARIES:
        rows.add(name, partial(_sequence, name), baseline=name == "requests", needs=NEEDS[name])
    rows.same_result()
    suite.claim(
        "requests costs at least 1.25 times the CPU time of the urllib3 below it",
        speedup("sequential", "urllib3", "requests") >= 1.25,
    )
    suite.claim(
        "httpx2 costs at least 1.6 times the CPU time of aiohttp per request",
        speedup("sequential", "aiohttp", "httpx2") >= 1.6,
    )
    suite.claim(
        "libcurl takes at most half the CPU time of urllib3",
        speedup("sequential", "pycurl", "urllib3") >= 2,
        needs="pycurl",
    )


def _add_in_flight(suite: Suite) -> None:
    rows = suite.comparison(
        "in_flight",
        title="The same GET with 1, 20 and 100 in flight: CPU time of the client per request",
        kind="run",
        unit="s",
        metrics={"cpu_us": Metric("us")},
        sizes={"in_flight": list(FLIGHTS)},
        quick=lambda in_flight: in_flight != 20,
        rounds={"quick": 1, "default": 7},
    )
    for name in ("aiohttp", "httpx2", "httpx", "requests+threads", "urllib3+threads"):
        rows.add(
            name,
            lambda in_flight, name=name: _in_flight(name, in_flight),
            baseline=name == "aiohttp",
            tier="default" if "+" in name else "quick",
        )
    rows.same_result()
    one, many = {"in_flight": 1}, {"in_flight": 100}
    suite.claim(
        "a request of httpx costs at least 2.5 times as much with 100 in flight as alone",
        across("in_flight", "httpx", "cpu_us", first=many, second=one) >= 2.5,
    )
    suite.claim(
        "a request of aiohttp costs with 100 in flight at most twice what it costs alone",
        across("in_flight", "aiohttp", "cpu_us", first=many, second=one) <= 2,
    )
    suite.claim(
        "with 100 in flight httpx costs at least 8 times the CPU time of aiohttp",
        ratio("in_flight", "httpx", "aiohttp", "cpu_us", **many) >= 8,
    )


def _add_reuse(suite: Suite) -> None:
    rows = suite.comparison(
        "reuse",
        title="A request over a session that is kept, and over a new connection: CPU time",
        kind="micro",
        unit="us",
        clock="cpu",
        items=FEW,
        sizes={"scheme": ["http", "https"]},
        default=lambda scheme: scheme == "https",
        rounds={"quick": 4, "default": 12},
    )
    for library in ("requests", "aiohttp"):
        for kept in (True, False):
            rows.add(
                f"{library}, {'session' if kept else 'none'}",
                lambda scheme, library=library, kept=kept: _session(library, scheme, kept=kept),
                baseline=library == "requests" and kept,
            )
    rows.same_result()
    suite.claim(
        "over TLS, requests.get costs at least twice the CPU time of a kept Session",
        speedup("reuse", "requests, session", "requests, none", scheme="https") >= 2,
    )
    suite.claim(
        "over TLS, a new aiohttp session a request costs at least 3 times a kept one",
        speedup("reuse", "aiohttp, session", "aiohttp, none", scheme="https") >= 3,
    )


def _add_traps(suite: Suite) -> None:
    cold = suite.comparison(
        "cold_call",
        title="One call of the module's get on plain http: CPU time",
        kind="micro",
        unit="us",
        clock="cpu",
        rounds={"quick": 3, "default": 10},
    )
    for library in ("requests", "httpx2", "httpx"):
        cold.add(library, lambda library=library: _cold(library), baseline=library == "requests")
    cold.same_result()
    suite.claim(
        "httpx.get on an http address costs at least 8 times requests.get",
        speedup("cold_call", "requests", "httpx") >= 8,
    )
    trap = suite.comparison(
        "iter_content",
        title="Reading a streamed body of 128 KB with requests: seconds per MB",
        kind="run",
        unit="s/MB",
        metrics={"per_mb": Metric("s/MB")},
        rounds={"quick": 1, "default": 2},
    )
    trap.add("64 KiB pieces", lambda: _trap(65_536), baseline=True)
    trap.add("default (1 byte)", lambda: _trap(None))
    trap.same_result()
    suite.claim(
        "iter_content() without a size takes at least 50 times as long as with 64 KiB",
        ratio("iter_content", "default (1 byte)", "64 KiB pieces", "per_mb") >= 50,
    )
