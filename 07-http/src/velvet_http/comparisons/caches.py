"""What a cache saves, and what a hit costs."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from velvet.bench import Metric, Outcome, Suite, ratio
from velvet_http.comparisons._server import served

REQUESTS, ADDRESSES = 3000, 200
CONTROLS = ("max-age=600", "max-age=600, no-cache", "no-store")


def urls(base: str) -> list[str]:
    """Return addresses of which few are asked for often (Zipf), with three kinds of Cache-Control."""
    rng = random.Random(4)
    weights = [1 / rank for rank in range(1, ADDRESSES + 1)]
    chosen = rng.choices(range(ADDRESSES), weights, k=REQUESTS)
    kind = [CONTROLS[0] if n % 10 else CONTROLS[1 + n // 10 % 2] for n in range(ADDRESSES)]
    return [f"{base}/etag/{n}?cc={kind[n].replace(' ', '%20')}" for n in chosen]


def _cached(kind: str) -> Iterator[Any]:
    def work(server: Any) -> Callable[[], Outcome]:
        def measure() -> Outcome:
            asked = urls(server.urls["http"])
            get, close = _FETCHERS[kind]()
            before, cpu = server.counters()["requests"], time.process_time()
            bodies = sum(zlib.crc32(get(url)) for url in asked)
            used = time.process_time() - cpu
            hot = f"{server.urls['http']}/etag/hot?cc=max-age%3D600"
            get(hot)
            began = time.process_time()
            for _ in range(100):
                get(hot)
            hit = (time.process_time() - began) / 100
            origin = server.counters()["requests"] - before - (100 if kind == "none" else 0) - 1
            close()
            figures = {
                "origin": float(origin),
                "cpu_us": used / REQUESTS * 1e6,
                "hit_us": hit * 1e6,
            }
            return Outcome(figures, result=bodies)

        return measure

    return served(work)


def _none() -> tuple[Callable[[str], bytes], Callable[[], Any]]:
    from velvet_http.contenders import connect

    client = connect("urllib3")
    return lambda url: client.get(url).body, client.close


def _ours() -> tuple[Callable[[str], bytes], Callable[[], Any]]:
    from velvet_http.cache import CachingClient, MemoryStore
    from velvet_http.contenders import connect

    client = connect("urllib3")
    cache = CachingClient(client, MemoryStore())
    return lambda url: cache.get(url).body, client.close


def _hishel() -> tuple[Callable[[str], bytes], Callable[[], Any]]:
    import sqlite3

    import httpx2
    from hishel import CacheOptions, SqliteStorage
    from hishel.httpx2 import CacheTransport

    storage = SqliteStorage(connection=sqlite3.connect(":memory:", check_same_thread=False))
    transport = CacheTransport(httpx2.HTTPTransport(), storage, rfc=CacheOptions(shared=False))
    client = httpx2.Client(transport=transport)

    def close() -> None:
        client.close()
        storage.close()

    return lambda url: client.get(url).content, close


_FETCHERS = {"none": _none, "ours": _ours, "hishel": _hishel}


def add_to(suite: Suite) -> None:
    """Declare the comparisons of this file and their claims."""
    rows = suite.comparison(
        "cache",
        title=f"{REQUESTS:,} requests for {ADDRESSES} addresses, few of them often",
        kind="run",
        unit="requests",
        metrics={"origin": Metric("requests"), "cpu_us": Metric("us"), "hit_us": Metric("us")},
        rounds={"quick": 1, "default": 2},
    )
    rows.same_result()
    for kind in _FETCHERS:
        needs = ("hishel", "httpx2") if kind == "hishel" else ()
        rows.add(
            kind, lambda kind=kind: _cached(kind), baseline=kind == "none", needs=needs,
            tier="default" if needs else "quick",
            note="over httpx2; ours and none over urllib3" if needs else "",
        )  # fmt: skip
    suite.claim(
        "our cache sends at most 0.3 of the requests to the origin",
        ratio("cache", "ours", "none", "origin") <= 0.3,
    )
