"""One limit for many hosts: what a decision of a shared limiter costs, and whether it holds.

All rows talk to one server on the loopback, found or started by the harness. A turn is a hundred
decisions, one by one, in a pipeline, or by twenty coroutines. One row goes over the server's Unix
socket, where it has one that this process can reach.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Absent, Metric, Outcome, Suite, Timed, mode, ratio, value
from velvet.bench.stats import quantile
from velvet_concurrency.contenders.limiter_libraries import Limits, Throttled

DECISIONS = 100
PLENTY = 10**9
ENTRIES = 1000
HOUR = 3600
SOCKET_TIMEOUT = 5.0  # a busy machine is no failure here
Allow = Callable[[], bool]


def _url() -> str:
    return os.environ["VELVET_REDIS_URL"]


def _client(url: str = "") -> Any:
    from velvet_concurrency.redis_limiter import connect

    return connect(url or _url(), socket_timeout=SOCKET_TIMEOUT)


def _unix_client() -> Any:
    with _client() as client:
        path = client.config_get("unixsocket").get("unixsocket", "")
    if not path or not Path(path).is_socket():
        raise Absent("this Redis has no Unix socket that can be reached from here")
    return _client(f"unix://{path}?db=0")


def _prefix() -> str:
    return f"bench-{uuid.uuid4().hex[:12]}:"


def _ours(rate: float, burst: int, prefix: str, *, racy: bool = False, client: Any = None) -> Allow:
    from velvet_concurrency.redis_limiter import RacyRedisLimiter, RedisLimiter

    kind: Any = RacyRedisLimiter if racy else RedisLimiter
    return partial(kind(client or _client(), rate, burst, prefix=prefix).allow, "key")


def _timed(allow: Allow) -> Timed:
    """Time a hundred decisions in turn; afterwards the 99th percentile of single ones."""

    def metrics() -> dict[str, float]:
        took = []
        for _ in range(300):
            began = time.perf_counter()
            allow()
            took.append(time.perf_counter() - began)
        return {"p99": quantile(took, 0.99) * 1e6}

    return Timed(lambda: sum(allow() for _ in range(DECISIONS)), metrics=metrics)


def _batched() -> Callable[[], int]:
    from velvet_concurrency.redis_limiter import RedisLimiter

    many = RedisLimiter(_client(), PLENTY, PLENTY, prefix=_prefix()).allow_many
    batch = [("key", 1)] * DECISIONS
    return lambda: sum(many(batch))


def _async(tasks: int) -> Iterator[Callable[[], int]]:
    from velvet_concurrency.redis_limiter import AsyncRedisLimiter, connect_async

    client = connect_async(_url(), socket_timeout=SOCKET_TIMEOUT)
    allow = AsyncRedisLimiter(client, PLENTY, PLENTY, prefix=_prefix()).allow
    loop = asyncio.new_event_loop()  # connections belong to a loop, so it outlives the turns

    async def some() -> int:
        return sum([await allow("key") for _ in range(DECISIONS // tasks)])

    async def decide() -> int:
        done, _ = await asyncio.wait([loop.create_task(some()) for _ in range(tasks)])
        return sum(task.result() for task in done)

    try:
        yield lambda: loop.run_until_complete(decide())
    finally:
        loop.run_until_complete(client.aclose())
        loop.close()


def _peer(peer: Any, algorithm: str) -> tuple[str, Callable[[int, str], Allow]]:
    return peer.NEEDS, lambda n, key: peer.redis_limiter(algorithm, _url(), n, HOUR, key)


PEERS = {
    "limits_fixed_window": _peer(Limits, "FixedWindowRateLimiter"),
    "limits_moving_window": _peer(Limits, "MovingWindowRateLimiter"),
    "throttled_token_bucket": _peer(Throttled, "token_bucket"),
    "throttled_gcra": _peer(Throttled, "gcra"),
}


def _add_ops(suite: Suite) -> None:
    ops = suite.comparison(
        "limiter_redis",
        title="Decisions of a limiter in Redis, one connection unless named otherwise",
        unit="ops/s",
        items=DECISIONS,
        clock="wall",
        metrics={"p99": "us"},
        rounds={"quick": 6, "default": 20, "full": 30},
    )
    ops.add("lua", lambda: _timed(_ours(PLENTY, PLENTY, _prefix())), baseline=True, needs="redis")
    ops.add(
        "racy",
        lambda: _timed(_ours(PLENTY, PLENTY, _prefix(), racy=True)),
        needs="redis",
        note="GET, decide, SET: wrong as soon as two ask at once",
    )
    ops.add(
        "lua_unix",
        lambda: _timed(_ours(PLENTY, PLENTY, _prefix(), client=_unix_client())),
        needs=("redis", "posix"),
        note="Unix socket instead of loopback TCP",
    )
    ops.add("lua_batch_100", _batched, needs="redis")
    ops.add("lua_async_20", partial(_async, 20), needs="redis", note="twenty coroutines")
    for name, (need, make) in PEERS.items():
        setup = lambda make=make: _timed(make(10**6, _prefix() + "key"))  # noqa: E731
        ops.add(name, setup, needs=("redis", need))
    ops.same_result()
    suite.claim(
        "a batch of a hundred decides at least twice as fast as one by one",
        ratio("limiter_redis", "lua_batch_100", "lua") >= 2,
        needs="redis",
    )


def _stored(make: Callable[[str], Allow]) -> Callable[[], dict[str, float]]:
    def weigh() -> dict[str, float]:
        mark = uuid.uuid4().hex
        allow = make(mark)
        admitted = sum(allow() for _ in range(ENTRIES))
        with _client() as client:
            keys = list(client.scan_iter(match=f"*{mark}*", count=1000))
            if admitted != ENTRIES:
                raise ValueError(f"{admitted} of {ENTRIES} admitted")
            sizes = [client.memory_usage(key, samples=0) for key in keys]
            if not sizes or None in sizes:
                raise Absent("a key expired before it was counted: this machine is too slow")
            client.delete(*keys)
        return {"key_bytes": sum(sizes), "keys": len(keys)}

    return weigh


def _add_keys(suite: Suite) -> None:
    keys = suite.comparison(
        "limiter_redis_keys",
        title="What the server stores for one limit after 1,000 permitted calls",
        kind="value",
        unit="B",
        metrics={"key_bytes": "B", "keys": "keys"},
    )
    # A key lives until its bucket is full again: an hour here, however slow the machine.
    own = partial(_ours, ENTRIES / HOUR, 2 * ENTRIES)
    keys.add("lua", lambda: _stored(own), baseline=True, needs="redis")
    for name, (need, make) in PEERS.items():
        keys.add(name, lambda make=make: _stored(partial(make, 100_000)), needs=("redis", need))
    suite.claim(
        "a limit of ours is one small string, whatever passed",
        (value("limiter_redis_keys", "lua", "key_bytes") <= 256)
        & (value("limiter_redis_keys", "lua", "keys").equals(1)),
        needs="redis",
    )
    suite.claim(
        "a moving window stores every call",
        ratio("limiter_redis_keys", "limits_moving_window", "lua", "key_bytes") >= 50,
        needs=("redis", Limits.NEEDS),
    )


def ask(job: tuple[str, bool, float, int]) -> int:
    """Ask `calls` times from a moment on; runs in a process of its own."""
    prefix, racy, moment, calls = job
    # A token an hour: what is admitted is the burst and nothing else.
    client = _client()
    client.ping()
    allow = _ours(1 / HOUR, 100, prefix, racy=racy, client=client)
    time.sleep(max(0.0, moment - time.time()))
    return sum(allow() for _ in range(calls))


def _race(racy: bool) -> Iterator[Callable[[], Outcome]]:
    from velvet_concurrency.pools import process_pool

    def run() -> Outcome:
        worst = 0
        for _ in range(2 if mode() == "quick" else 5):
            prefix, moment = _prefix(), time.time() + 0.2
            worst = max(worst, sum(pool.map(ask, [(prefix, racy, moment, 400)] * 2)))
        return Outcome({"admitted": worst, "accuracy": 100 * 100 / worst})

    with process_pool(2) as pool:
        list(pool.map(ask, [(_prefix(), racy, time.time(), 1)] * 4))
        yield run


def _add_race(suite: Suite) -> None:
    race = suite.comparison(
        "limiter_redis_race",
        title="A burst of 100, two processes, 800 calls: how many pass, worst try",
        kind="run",
        unit="calls",
        metrics={"admitted": "calls", "accuracy": Metric("%", "higher")},
        rounds={"quick": 1, "default": 3, "full": 7},
    )
    race.add("lua", partial(_race, False), baseline=True, needs="redis")
    race.add("racy", partial(_race, True), needs="redis")
    suite.claim(
        "the script in the server admits exactly its burst",
        value("limiter_redis_race", "lua", "admitted").equals(100),
        needs="redis",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons over Redis."""
    _add_ops(suite)
    _add_keys(suite)
    _add_race(suite)
