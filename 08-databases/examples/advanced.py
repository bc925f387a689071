"""Advanced examples: lost updates, anomalies, live migrations, documents and keys.

Every example is one function to be read from top to bottom; run one of them with
`python examples/advanced.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import sqlite3
import tempfile
import textwrap
import threading
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

from velvet import services
from velvet.examples import example, main
from velvet_databases.domain import generate
from velvet_databases.latency import LatencyProxy
from velvet_databases.services import fresh_database
from velvet_databases.stores import NotFound, TransferHow, make
from velvet_databases.stores.documents import JsonbOrders, to_json
from velvet_databases.stores.mongo_store import MongoStore
from velvet_databases.stores.redis_store import RedisStore


def at_database(url: str, name: str) -> str:
    """Return MongoDB's address with another database, and no detour around a proxy."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, "directConnection=true") if part)
    return urlunsplit(parts._replace(path=f"/{name}", query=query))


@example("lost_update")
def lost_update() -> None:
    """Four workers add one fifty times each, in five ways: one of them loses most of it in silence."""
    from velvet_databases.races import STRATEGIES, deadlock_demo, race_counter

    def show(url: str, strategy: str, level: str, increments: int = 50) -> None:
        result = race_counter(url, strategy, level, workers=4, increments=increments)
        print(f"  {strategy:18} {level:16}", end="")
        print(f"expected {result.expected} got {result.got:3}, {result.retries} retries")

    print("SQLite: each statement its own transaction, or all of them one")
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        url = f"sqlite:///{Path(folder).as_posix()}/race.db"
        show(url, "read_modify_write", "autocommit", 25)
        show(url, "read_modify_write", "serializable", 25)
        show(url, "atomic_update", "autocommit", 25)

    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server:
        print("PostgreSQL: only the first line loses; the second is the same code")
        for level in ("read committed", "repeatable read"):
            show(server.url, "read_modify_write", level)
        for strategy in STRATEGIES[1:]:
            show(server.url, strategy, "read committed")

        print("two transfers in opposite directions")
        for ordered in (False, True):
            played = deadlock_demo(server.url, ordered)
            ends = ", ".join(f"{who} given up ({why})" for who, why in played.failed.items())
            money = sum(cents for _, cents in played.final)
            how = "lower key first" if ordered else "debit first"
            print(f"  {how:18} {ends or 'both committed'}; {money} of 200 cents there")


@example("anomaly_matrix")
def anomaly_matrix() -> None:
    """Ten anomalies are tried at every level, and the grid equals the published one, cell by cell."""
    from velvet_databases.anomalies import ANOMALIES, matrix, reference, verdict

    def show(backend: str, url: str) -> None:
        found, expected = matrix(url), reference(backend)
        print(f"{backend:16}" + "  ".join(ANOMALIES))
        for level in dict.fromkeys(level for level, _ in found):
            marks = {"prevented": "ok", "possible": "--"}
            cells = (f"{marks[found[level, name]]:{len(name)}}" for name in ANOMALIES)
            print(f"{level:16}" + "  ".join(cells).rstrip())
        same = sum(found[cell] == expected[cell] for cell in expected)
        print(f"{same} of {len(expected)} cells as published\n")

    print("ok: prevented, --: it happened")
    words = (f"{name} {one.title}" for name, one in ANOMALIES.items())
    print(textwrap.fill("; ".join(words), 78) + "\n")
    show("sqlite", "sqlite://")
    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server:
        show("postgresql", server.url)
        for level in ("read committed", "repeatable read"):
            _, played = verdict(server.url, level, "P4")
            print(f"P4, {ANOMALIES['P4'].title}, at {level}:")
            for step in played.results:
                waits = f" waited for {step.blocked_by[0]}" if step.blocked_by else ""
                print(f"  {step.session} {step.sql:46}{step.sqlstate:6}{waits}".rstrip())


@example("live_migration")
def live_migration() -> None:
    """Three changes of a live table, each done badly and well: what the writer beside them felt."""
    from velvet_databases.migrate.expand_contract import ExpandContract
    from velvet_databases.migrate.online import safe_ddl
    from velvet_databases.migrate.stall import stall

    write = "INSERT INTO item (sku, qty) VALUES ('live', 1)"
    way = ExpandContract("item", "qty", "quantity", "INTEGER", "BIGINT", size=2_000)
    changes = {
        "type in place": lambda db: db.execute("ALTER TABLE item ALTER qty TYPE BIGINT"),
        "expand/contract": lambda db: [phase.up(db) for phase in way.phases[:-1]],
        "index": lambda db: db.execute("CREATE INDEX one ON item (sku)"),
        "concurrently": lambda db: db.execute("CREATE INDEX CONCURRENTLY two ON item (sku)"),
        "behind a reader": lambda db: db.execute("ALTER TABLE item ADD COLUMN a TEXT"),
        "giving way": lambda db: safe_ddl(db, "ALTER TABLE item ADD COLUMN b TEXT", 50, pause=0.1),
    }
    try:
        server = services.postgres(private=True)
    except services.ServiceUnavailable as error:
        print(f"SQLite locks its whole file for any change.\nskipped PostgreSQL: {error}")
        return
    with server, psycopg.connect(server.url, autocommit=True) as db:
        db.execute(
            "CREATE TABLE item (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
            "sku TEXT NOT NULL, qty INTEGER NOT NULL);"
            "INSERT INTO item (sku, qty) SELECT md5(n::text), n FROM generate_series(1, 60000) n"
        )
        print(f"{server.version}, {', '.join(server.notes)}")
        print("  change              seconds   longest wait   writes   failed")
        for name, change in changes.items():
            with psycopg.connect(server.url) as reader:
                if name in ("behind a reader", "giving way"):
                    reader.execute("SELECT 1 FROM item LIMIT 1")
                timer = threading.Timer(0.6, reader.rollback)
                timer.start()
                felt = stall(server.url, lambda change=change: change(db), write=write)
                timer.join()
            print(f"  {name:18} {felt.action_s:8.2f} {felt.max_stall_ms:11.0f} ms", end="")
            print(f" {felt.writes:8} {felt.errors:8}")
        for phase in reversed(way.phases[:-1]):
            phase.down(db)
        count, zeros = db.execute("SELECT count(*), count(*) - count(qty) FROM item").fetchone()
        print(f"taken back phase by phase: {count} rows, {zeros} without a value")


@example("document_and_kv")
def document_and_kv() -> None:
    """One order of five lines in four databases: trips, bytes, and what a failed transfer leaves."""
    data = generate(1, lines_per_order=5)
    mark = f"velvet_example_{uuid.uuid4().hex[:12]}"

    def show(label: str, store: Any, url: str) -> None:
        with LatencyProxy(url, rtt_ms=0) as proxy, closing(store):
            store.open(proxy.url)
            store.create_schema()
            jsonb = isinstance(store, JsonbOrders)
            if jsonb:
                store.put(data.orders[0])
            else:
                store.insert_reference(data)
                store.insert_orders(data, store.bulk_methods()[0])
            before = proxy.stats
            assert store.get_order(1) == data.orders[0]
            asked = proxy.stats - before
            print(f"{label:20} {asked.round_trips} trips {asked.bytes_down:5} bytes", end="")
            try:
                left = "" if jsonb else store.transfer(1, 99, 5_000, TransferHow.ATOMIC)
            except NotFound:
                left = f"  no account 99: payer has {store.balance(1) / 100:,.2f}"
            print(left)
            store.drop_schema()

    text = to_json(data.orders[0])
    with closing(sqlite3.connect(":memory:")) as connection:
        found = connection.execute("SELECT json_extract(?, '$.lines[4].qty')", (text,)).fetchone()
    print(
        f"SQLite reads {found[0]} as quantity of line 5 inside {len(text)} bytes of JSON, 0 trips"
    )
    ladders: dict[str, tuple[Any, dict[str, Any]]] = {
        "PostgreSQL": (
            fresh_database,
            {"psycopg, 2 tables": make("psycopg"), "psycopg, jsonb": JsonbOrders()},
        ),
        "Redis": (services.redis, {"redis, a hash": RedisStore(prefix=f"{mark}:")}),
        "MongoDB": (services.mongodb, {"mongodb, a document": MongoStore()}),
    }
    for name, (climb, stores) in ladders.items():
        try:
            with climb() as server:
                for label, store in stores.items():
                    url = server.url if hasattr(server, "url") else server
                    show(label, store, url if name != "MongoDB" else at_database(url, mark))
        except services.ServiceUnavailable as error:
            print(textwrap.fill(f"skipped {name}: {error}", 78))


if __name__ == "__main__":
    main()
