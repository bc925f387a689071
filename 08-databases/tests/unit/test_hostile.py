"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg

from velvet.hostile import Fixed, HostileTests, call
from velvet_databases import (
    anomalies,
    domain,
    explain,
    fingerprint,
    isolation,
    latency,
    pool,
    pool_curve,
    races,
    sqlcapture,
)
from velvet_databases.migrate import online
from velvet_databases.nplusone import Detector
from velvet_databases.stores import address, base, floor, make

URL = "postgresql://u:p@127.0.0.1/db"
SHOP = domain.generate(2)
STEP = ("T1", "SELECT 1", "label")
NODE = {"Node Type": "Seq Scan", "Plan Rows": 1, "Actual Rows": 1}
POINT = pool_curve.SimulatedPoint(1, 5.0, 1.0)


class Connection:
    """Stands where a driver's connection is."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", check_same_thread=False)
        self.execute, self.rollback, self.close = self.db.execute, self.db.rollback, self.db.close


def explained(text: str) -> explain.Plan:
    with closing(sqlite3.connect(":memory:")) as connection:
        return explain.explain(connection, text)


def open_store() -> floor.RawSqlite:
    store = floor.RawSqlite()
    store.open("sqlite://")
    store.create_schema()
    store.insert_reference(SHOP)
    store.insert_orders(SHOP, store.bulk_methods()[-1])
    return store


class TestHostile(HostileTests):
    errors = (base.StoreError,)
    mutable = {"isolation.Lane", "latency.ProxyStats", "pool_slots.Entry", "pool_slots.Waiter"}
    calls = (
        call(anomalies.reference, "sqlite").but(errors=(KeyError,)),
        call(domain.generate, 3, 2, Fixed(7), n_accounts=2).but(many=50),
        call(fingerprint.fingerprint, "SELECT 1"),
        call(isolation.Interleaving, Fixed("sqlite://"), "serializable", ["SELECT 1"], [STEP]),
        call(latency.split_target, "127.0.0.1:5432"),
        call(latency.LatencyProxy, "127.0.0.1:5432", 1.0),
        call(online.names, "shop.item"),
        call(online.named, "shop.item").but(errors=(psycopg.Error,)),
        call(Detector, 2, "report", ["a"]),
        call(explain.from_postgres, [{"Plan": NODE}]),
        call(explain.from_sqlite, [(1, 0, 0, "SCAN item")]),
        call(pool.Pool, Connection, 0, 3, timeout=0.1, max_lifetime=9.0, max_idle=9.0)
        .then("checkout", 0.1)
        .then("leaks", 1.0)
        .but(
            errors=(pool.PoolTimeout,),
            partial="a connection that was asked for is made, and kept",
            shares="a pool owns its connections, and its copy would lend them twice",
        ),
        call(pool_curve.little_size, 100.0, 0.01),
        call(pool_curve.little_tps, 2, 3.0),
        call(pool_curve.simulate, 2, threads=3, wait_ms=1.0, compute_ms=1.0, cores=2, work=50).but(
            many=50
        ),
        call(pool_curve.knee, Fixed([POINT]), 1.25),
        call(races.retry_tx, lambda: 1, {"40001"}, 2, 0.0, 0.0, sleep=Fixed(lambda _: None)),
        call(explained, "SELECT 1").but(
            errors=(sqlite3.Error, sqlite3.Warning), of=(explain.explain,)
        ),
        call(
            explain.advise,
            Fixed(explain.Plan("sqlite", explain.Node("SCAN"), True)),
            {"a": "b"},
        ),
        call(sqlcapture.QueryLog, []).then("append", Fixed("a statement")),
        call(address.read_address, URL, {"postgresql"}).then("hide", "a").then("with_driver", "a"),
        call(base.check_method, "copy", ("copy",)),
        call(make, "sqlite3").but(same=False),
        call(open_store)
        .then("page", 0, 5)
        .then("orders_with_lines", Fixed(base.Loading.JOIN), 5)
        .then("get_order", 1)
        .then("set_status", 1, "paid", 1)
        .then("balance", 1)
        .then("transfer", 1, 2, 5, Fixed(base.TransferHow.ATOMIC))
        .but(of=(floor.RawSqlite,)),
        call(floor.from_join, []),
        call(base.moves, 1, 2, 5),
        call(base.after, [(1, -5)], {1: 9}),
    )
    excepted = {
        "anomalies": "play against a server or a file; tests/unit/test_isolation.py",
        "domain": "rows of values, as they are",
        "isolation": "what `Interleaving` makes of its steps",
        "isolation_stage": "connections that `Interleaving` opens",
        "migrate": "takes a connection to PostgreSQL; tests/integration",
        "nplusone": "what the hooks of a mapper tell",
        "pool_adapters": "pools of drivers, on a server",
        "pool_curve": "loads a server for seconds",
        "pool_slots": "the inside of `Pool`; tests/property/test_pool_machine.py",
        "races": "threads that race on a database for seconds",
        "sqlcapture": "hooks into the libraries; tests/unit/test_sqlcapture.py",
        "stores": "the same operations on other libraries; tests/integration/test_stores_bad_input.py",
    }
