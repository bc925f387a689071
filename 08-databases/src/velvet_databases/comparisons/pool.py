"""What a pool saves, how large it should be, and which callers starve without a queue.

All rows do the same work on the same server: a statement that waits for 2 ms as for a disk, one that
computes for about half a millisecond, and a lookup, on a connection in autocommit mode that 32
callers want. pgbench does it without any Python, and is the floor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, across, mode, ratio, speedup

CALLERS = 32
SIZES = [1, 2, 4, 8, 16, 32]
SECONDS = {"quick": 0.25, "default": 0.5, "full": 1.5}
METRICS = {
    "tps": Metric("tx/s", "higher"),
    "p50": "ms",
    "p99": "ms",
    "waiting": "callers",
    "worst_wait": "ms",
}
PEERS = {
    "ours": (),
    "psycopg_pool": ("psycopg_pool",),
    "sqlalchemy": ("sqlalchemy",),
    "django": ("django>=5.1",),
    "asyncpg": ("asyncpg",),
    "nullpool": ("sqlalchemy",),
}
NOTES = {
    "sqlalchemy": "the thread that returns a connection may take it again before those that wait",
    "asyncpg": "tasks instead of threads; sends a reset whenever a connection comes back",
    "nullpool": "connects for every caller",
}


def _url() -> str:
    return os.environ["VELVET_POSTGRES_URL"]


def _loaded(name: str, size: int) -> Callable[[], Outcome]:
    from velvet_databases.pool_adapters import ADAPTERS, AsyncpgPool
    from velvet_databases.pool_curve import pool_curve

    adapter = AsyncpgPool if name == "asyncpg" else ADAPTERS[name]

    def load() -> Outcome:
        (point,) = pool_curve(adapter, _url(), [size], CALLERS, SECONDS[mode()])
        return Outcome(
            {
                "tps": point.tps,
                "p50": point.p50_ms,
                "p99": point.p99_ms,
                "waiting": point.waiting,
                "worst_wait": point.worst_wait_ms,
            }
        )

    return load


def _floor(size: int) -> Callable[[], Outcome]:
    from velvet_databases.pool_curve import WORK, pgbench, pgbench_tps

    program = pgbench()
    if program is None:
        raise RuntimeError("no pgbench beside the server; install PostgreSQL's client programs")
    return lambda: Outcome({"tps": pgbench_tps(program, _url(), size, 1, WORK)})


def _has_floor() -> bool:
    from velvet_databases.pool_curve import pgbench

    return pgbench() is not None


def _add_curve(suite: Suite) -> None:
    curve = suite.comparison(
        "pool_curve",
        title="32 threads share a pool: times a second that the work is done, by size of the pool",
        kind="run",
        unit="tx/s",
        sizes={"size": SIZES},
        quick=lambda size: size in (1, 8),
        metrics=METRICS,
        rounds={"quick": 1, "default": 1, "full": 7},
    )
    for name in ("ours", "psycopg_pool"):
        curve.add(
            name,
            partial(_loaded, name),
            baseline=name == "ours",
            needs=("postgres", *PEERS[name]),
        )
    if _has_floor():
        note = "the server's own client, in C"
        curve.add("pgbench", _floor, needs="postgres", note=note, tier="default")
    for name in ("ours", "psycopg_pool"):
        size = partial(across, "pool_curve", name, "tps")
        suite.claim(
            f"eight connections serve 2.5 times what one does ({name})",
            size(first={"size": 8}, second={"size": 1}) >= 2.5,
            needs="postgres",
        )
        suite.claim(
            f"beyond the knee, twice the connections do not serve 1.5 times as much ({name})",
            size(first={"size": 32}, second={"size": 16}) <= 1.5,
            needs=("postgres", "calm"),
            tier="default",
        )


def _add_peers(suite: Suite) -> None:
    peers = suite.comparison(
        "pool_peers",
        title="The same work through six ways of getting a connection, 32 callers",
        kind="run",
        unit="tx/s",
        sizes={"size": [4, 8, 16]},
        default=lambda size: size == 8,
        metrics=METRICS,
        rounds={"quick": 1, "default": 3, "full": 7},
    )
    for name, packages in PEERS.items():
        peers.add(
            name,
            partial(_loaded, name),
            baseline=name == "ours",
            needs=("postgres", *packages),
            note=NOTES.get(name, ""),
            tier="quick" if name in ("ours", "nullpool") else "default",
        )
    suite.claim(
        "the longest wait of a pool without a line is three times that of one with a line",
        ratio("pool_peers", "sqlalchemy", "ours", "worst_wait", size=8) >= 3,
        needs=("postgres", "sqlalchemy"),
        tier="default",
    )
    suite.claim(
        "32 callers through a pool of eight get twice as much done as by connecting each time",
        ratio("pool_peers", "ours", "nullpool", "tps", size=8) >= 2,
        needs=("postgres", "sqlalchemy"),
    )


def _borrowing(name: str, check: bool) -> Iterator[Callable[[], Any]]:
    from velvet_databases.pool_adapters import ADAPTERS

    adapter = ADAPTERS[name]()
    adapter.open(_url(), 1, check=check)

    def use() -> None:
        with adapter.borrow() as execute:
            execute("SELECT 1")

    try:
        yield use
    finally:
        adapter.close()


def _connecting() -> Callable[[], Any]:
    from velvet_databases.pool_adapters import POSTGRES
    from velvet_databases.stores.address import read_address
    from velvet_databases.stores.failures import connect

    address = read_address(_url(), POSTGRES)

    def use() -> None:
        with connect(address) as connection:
            connection.execute("SELECT 1")

    return use


def _add_checkout(suite: Suite) -> None:
    checkout = suite.comparison(
        "pool_checkout",
        title="One caller: get a connection, SELECT 1, give it back",
        unit="us",
        clock="wall",
        rounds={"quick": 6, "default": 12, "full": 30},
    )
    checkout.add("ours", partial(_borrowing, "ours", False), baseline=True, needs="postgres")
    checkout.add(
        "ours_checked",
        partial(_borrowing, "ours", True),
        needs="postgres",
        note="an empty statement before it is lent",
        tier="default",
    )
    for name in ("psycopg_pool", "sqlalchemy"):
        needs = ("postgres", *PEERS[name])
        for row, check in ((name, False), (f"{name}_checked", True)):
            checkout.add(row, partial(_borrowing, name, check), needs=needs, tier="default")
    checkout.add("connect_each", _connecting, needs="postgres")
    suite.claim(
        "connecting for each query costs five times as much as a pool",
        speedup("pool_checkout", "ours", "connect_each") >= 5,
        needs="postgres",
    )
    for name in ("ours", "psycopg_pool"):
        suite.claim(
            f"a check before lending costs about one more query ({name})",
            ratio("pool_checkout", f"{name}_checked", name) <= 2.5,
            needs=("postgres", *PEERS[name]),
            tier="default",
        )


def add_to(suite: Suite) -> None:
    """Add the comparisons of pools."""
    _add_curve(suite)
    _add_peers(suite)
    _add_checkout(suite)
