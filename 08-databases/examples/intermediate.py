"""Intermediate examples: bulk loading, plans and pools.

Every example is one function to be read from top to bottom; run one of them with
`python examples/intermediate.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import sqlite3

import psycopg

from velvet import services
from velvet.examples import example, main


@example("bulk_paths")
def bulk_paths() -> None:
    """Eight ways of inserting 5,000 orders, as rows a second: the slowest fills no bar at all.

    A commit for each row waits for the disk each time, so that way is given 100 rows only. The
    bars are logarithmic: every mark is a third more.
    """
    import math
    import tempfile
    import textwrap
    import time
    from pathlib import Path

    from velvet_databases.domain import Dataset, generate
    from velvet_databases.services import fresh_database
    from velvet_databases.stores import make

    def load(name: str, url: str, data: Dataset) -> None:
        store = make(name)
        store.open(url)
        try:
            for method in store.bulk_methods():
                if method == "copy_binary":
                    continue  # it is the eighth way only in the benchmark
                rows = 100 if method == "commit_each" else len(data.orders)
                store.drop_schema()
                store.create_schema()
                store.insert_reference(data)
                began = time.perf_counter()
                store.insert_orders(Dataset(orders=data.orders[:rows]), method)
                rate = rows / (time.perf_counter() - began)
                bar = "#" * max(0, round(math.log(rate / 100, 4 / 3)))
                print(f"{name:8} {method:15} {rate:9,.0f} rows/s {bar}")
        finally:
            store.close()

    data = generate(5_000, lines_per_order=0)
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        load("sqlite3", f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}", data)
    try:
        with fresh_database() as url:
            load("psycopg", url, data)
            print("PostgreSQL from the toolkit runs with fsync=off: compare its rows, not its disk")
    except services.ServiceUnavailable as error:
        print(textwrap.fill(f"skipped PostgreSQL: {error}", 78))


@example("read_a_plan")
def read_a_plan() -> None:
    """One query, four indexes: the plan gets shorter and the pages it touches fall a hundredfold."""
    from contextlib import closing

    from velvet_databases.explain import advise, explain
    from velvet_databases.samples import event_table

    with closing(sqlite3.connect(":memory:")) as connection:
        event_table.fill(connection, 20_000)
        print("SQLite says which index it takes, and when it must sort")
        for index in event_table.INDEXES:
            event_table.use_index(connection, index)
            plan = explain(connection, event_table.QUERY.format(mark="?"), (42,))
            steps = [node.line for node in plan.nodes() if node.kind != "QUERY PLAN"]
            print(f"  {index}: " + "\n    then ".join(steps))

    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server, psycopg.connect(server.url) as connection:  # never committed: nothing stays
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("CREATE SCHEMA plans; SET search_path = plans")
        event_table.fill(connection, 50_000)
        print("\nPostgreSQL also counts: pages of 8 kB that the query touched")
        for index in event_table.INDEXES:
            event_table.use_index(connection, index)
            plan = explain(connection, event_table.QUERY.format(mark="%s"), (42,))
            print(f"  {index:10} {plan.buffers:>5} pages")
            for step in plan.render().replace("::text", "").splitlines():
                print(f"    {step if len(step) < 75 else step[:72] + '...'}")
            for one in advise(plan):
                print(f"    {one.rule}: {one.evidence.split(';')[0]}")
        connection.rollback()


@example("pool_under_load")
def pool_under_load() -> None:
    """A pool that is empty, one that leaks, and one whose connections died, and what each of them says."""
    from functools import partial

    from velvet_databases.pool import Pool, PoolTimeout
    from velvet_databases.pool_adapters import OurPool
    from velvet_databases.pool_curve import little_size, pool_curve

    open_file = partial(sqlite3.connect, ":memory:", check_same_thread=False)
    with Pool(open_file, max_size=1, timeout=0.1) as files:
        leaked = files.checkout()  # and never given back
        try:
            files.checkout()
        except PoolTimeout as error:
            print("PoolTimeout:", str(error).replace(", 1 in use by", ",\n  1 in use by"))
        (leak,) = files.leaks(older_than_s=0.05)
        frame = leak.stack[-1]
        print(f"leak: taken {leak.age_s:.1f} s ago at {frame.name}, line {frame.lineno}:")
        print(f"  {frame.line}")
        files.checkin(leaked)

    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server, psycopg.connect(server.url, autocommit=True) as admin:
        connect = partial(psycopg.connect, server.url)
        for check in ("none", "checkout"):
            with Pool(connect, max_size=1, check=check) as pool:
                with pool.connection() as connection:
                    pid = connection.info.backend_pid
                admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
                try:
                    with pool.connection() as connection:
                        connection.execute("SELECT 1")
                    seen = "nothing seen"
                except psycopg.OperationalError as error:
                    seen = type(error).__name__
                print(f"check={check:9} {seen:14} {pool.stats().discarded} replaced")

        print(f"\n{'size':>4}{'tps':>8}{'p50 ms':>9}{'p99 ms':>9}{'in line':>9}")
        for point in pool_curve(OurPool, server.url, [1, 4, 16], threads=16, seconds=0.3):
            print(f"{point.size:4}{point.tps:8.0f}{point.p50_ms:9.1f}", end="")
            print(f"{point.p99_ms:9.1f}{point.waiting:9.1f}")
        print(f"Little: 1,000 tps at 4 ms each keep {little_size(1000, 0.004)} connections busy")


if __name__ == "__main__":
    main()
