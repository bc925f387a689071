"""How fast rows go in: every bulk path of every store, into one table, in one transaction.

The table is `orders`, five columns, keys given, into an empty table of a fresh database. Foreign
keys and the second index are taken off first, for every contender, as PostgreSQL's own advice on loading
says; what is left is the primary key. All contenders of a size load in turn, the table emptied
before each load; what memory a load takes is measured apart, in processes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from velvet.bench import Outcome, Suite, Timed, ratio
from velvet.bench.model import Tier
from velvet_databases.comparisons._shop_data import (
    NO_FSYNC,
    opened,
    orders_only,
    postgres_database,
    sqlite_database,
)

# name of the row -> store, method, the most rows it is given
POSTGRES = {
    "psycopg_loop": ("psycopg", "loop", 300),
    "psycopg_executemany": ("psycopg", "executemany", 100_000),
    "psycopg_values": ("psycopg", "values", 100_000),
    "psycopg_unnest": ("psycopg", "unnest", 100_000),
    "psycopg_copy": ("psycopg", "copy", 100_000),
    "psycopg_copy_binary": ("psycopg", "copy_binary", 100_000),
    "asyncpg_executemany": ("asyncpg", "executemany", 100_000),
    "asyncpg_copy": ("asyncpg", "copy", 100_000),
    "sa_flush_each": ("sqlalchemy orm", "flush_each", 300),
    "sa_add_all": ("sqlalchemy orm", "add_all", 3_000),
    "sa_insert_list": ("sqlalchemy orm", "insert_list", 100_000),
    "sa_core": ("sqlalchemy core", "insert", 100_000),
    "django_create": ("django", "create", 300),
    "django_bulk_create": ("django", "bulk_create", 3_000),
    "peewee_create": ("peewee", "create", 300),
    "peewee_insert_many": ("peewee", "insert_many", 3_000),
}
SQLITE = {
    "commit_each": ("commit_each", 200),
    "one_transaction": ("one_transaction", 30_000),
    "executemany": ("executemany", 30_000),
}
# Rows, times and who judges it: a disk takes as long for one commit of many rows as of one row.
_ON_DISK: tuple[tuple[int, int, Tier], ...] = ((20, 4, "quick"), (200, 20, "default"))
IN_MEMORY = (
    "psycopg_executemany",
    "psycopg_values",
    "psycopg_copy",
    "asyncpg_copy",
    "sa_add_all",
    "sa_core",
    "django_bulk_create",
    "peewee_insert_many",
)
# The four whose difference is the lesson; the others wait for the full tier.
IN_MEMORY_FIRST = ("psycopg_executemany", "psycopg_copy", "sa_add_all", "django_bulk_create")
BARE = (
    "ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey",
    "DROP INDEX orders_customer",
)
# What the quick tier measures: both sides of its claims, and a row of each library.
QUICK = (
    "psycopg_loop",
    "psycopg_executemany",
    "psycopg_copy",
    "asyncpg_copy",
    "sa_flush_each",
    "sa_add_all",
    "sa_core",
    "django_create",
    "django_bulk_create",
    "peewee_insert_many",
)
LADDER = ("psycopg_loop", "psycopg_executemany", "psycopg_copy", "psycopg_copy_binary")
FEW, MANY = 300, 5_000
LAST = 3


def _postgres(store: str, method: str, rows: int) -> Iterator[Timed]:
    import psycopg

    data = orders_only(rows)
    with postgres_database() as url, opened(store, url) as one:
        one.create_schema()
        one.insert_reference(data)
        with psycopg.connect(url, autocommit=True) as beside:
            for statement in BARE:
                beside.execute(statement.encode())

            def empty() -> None:
                beside.execute("TRUNCATE orders, order_line")

            yield Timed(_load(one, data, method), prepare=empty)


def _sqlite(method: str, rows: int) -> Iterator[Timed]:
    data = orders_only(rows)
    with sqlite_database() as url, opened("sqlite3", url) as one:
        one.create_schema()
        one.insert_reference(data)
        for pragma in ("foreign_keys = OFF", "wal_checkpoint"):
            one.connection.execute(f"PRAGMA {pragma}")
        one.connection.execute("DROP INDEX orders_customer")
        yield Timed(
            _load(one, data, method), prepare=lambda: one.connection.execute("DELETE FROM orders")
        )


def _load(one: Any, data: Any, method: str) -> Callable[..., Any]:
    after = len(data.orders) - LAST

    def load(_: object) -> Any:
        return one.insert_orders(data, method), one.page(after, LAST)

    return load


def _once(store: str, method: str, rows: int) -> Iterator[Callable[[], Outcome]]:
    for timed in _postgres(store, method, rows):

        def load(timed: Timed = timed) -> Outcome:
            return Outcome(result=timed.call(None))

        yield load


def _needs(store: str) -> tuple[str, ...]:
    return ("postgres", "asyncpg" if store == "asyncpg" else "psycopg")


def _add_postgres(suite: Suite) -> None:
    bulk = suite.comparison(
        "bulk_postgres",
        title=f"Rows of five columns into PostgreSQL, one transaction ({NO_FSYNC})",
        unit="rows/s",
        items=lambda rows: rows,
        clock="wall",
        sizes={"rows": [FEW, 3_000, 100_000]},
        quick=lambda rows: rows == FEW,
        default=lambda rows: rows <= 3_000,
        rounds={"quick": 2, "default": 1, "full": 7},
    )
    for name, (store, method, most) in POSTGRES.items():
        bulk.add(
            name,
            partial(_postgres, store, method),
            baseline=name == "psycopg_executemany",
            needs=_needs(store),
            when=lambda rows, most=most: rows <= most,
            tier="quick" if name in QUICK else "default",
        )
    bulk.same_result()
    suite.claim(
        "Django's bulk_create beats a loop of create, 4 times or more",
        ratio("bulk_postgres", "django_bulk_create", "django_create", rows=FEW) >= 4,
        needs="postgres",
    )
    suite.claim(
        "SQLAlchemy's one flush beats a flush for each object, twice or more",
        ratio("bulk_postgres", "sa_add_all", "sa_flush_each", rows=FEW) >= 2,
        needs="postgres",
    )


def _add_driver(suite: Suite) -> None:
    driver = suite.comparison(
        "bulk_driver",
        title=f"The ladder of one driver: 5,000 rows into PostgreSQL ({NO_FSYNC})",
        unit="rows/s",
        items=MANY,
        clock="wall",
        rounds={"quick": 3, "default": 4, "full": 15},
    )
    for name in LADDER:
        store, method, _ = POSTGRES[name]
        driver.add(
            name,
            partial(_postgres, store, method, MANY),
            baseline=name == "psycopg_executemany",
            needs=_needs(store),
            tier="quick" if name in ("psycopg_executemany", "psycopg_copy") else "default",
        )
    driver.same_result()
    suite.claim(
        "COPY beats executemany, although that is pipelined, 1.5 times or more",
        ratio("bulk_driver", "psycopg_copy", "psycopg_executemany") >= 1.5,
        needs="postgres",
    )
    suite.claim(
        "COPY beats a loop in one transaction, 8 times or more",
        ratio("bulk_driver", "psycopg_copy", "psycopg_loop") >= 8,
        needs="postgres",
        tier="default",
    )


def _add_memory(suite: Suite) -> None:
    memory = suite.comparison(
        "bulk_memory",
        title=f"What loading 20,000 rows adds to a process beside the rows ({NO_FSYNC})",
        kind="run",
        unit="s",
        sizes={"rows": [20_000]},
        tier="default",
        rounds={"default": 1, "full": 5},
        floor=True,
        alloc=True,
    )
    for name in IN_MEMORY:
        store, method, _ = POSTGRES[name]
        memory.add(
            name,
            partial(_once, store, method),
            baseline=name == "psycopg_copy",
            needs=_needs(store),
            tier="default" if name in IN_MEMORY_FIRST else "full",
        )
    memory.same_result()


def _add_sqlite(suite: Suite) -> None:
    bulk = suite.comparison(
        "bulk_sqlite",
        title="Rows of five columns into an SQLite file (WAL, synchronous=FULL)",
        unit="rows/s",
        items=lambda rows: rows,
        clock="wall",
        sizes={"rows": [20, 200, 30_000]},
        quick=lambda rows: rows == 20,
        rounds={"quick": 2, "default": 3, "full": 7},
    )
    for name, (method, most) in SQLITE.items():
        bulk.add(
            name,
            partial(_sqlite, method),
            baseline=name == "commit_each",
            when=lambda rows, most=most: rows <= most,
            note="an fsync a row" if name == "commit_each" else "",
        )
    bulk.same_result()
    for rows, bound, tier in _ON_DISK:
        suite.claim(
            f"on a disk, one executemany of {rows} rows beats a commit for each, "
            f"{bound} times or more",
            ratio("bulk_sqlite", "executemany", "commit_each", rows=rows) >= bound,
            needs="linux",
            tier=tier,
        )


def add_to(suite: Suite) -> None:
    """Add the comparisons of bulk loading."""
    _add_postgres(suite)
    _add_driver(suite)
    _add_memory(suite)
    _add_sqlite(suite)
