"""What the page computes, in a child: stores, pages, pools, anomalies, plans and changes.

Every task has JSON options and yields JSON events. Drivers and servers are imported where they are
used, because the page imports this file, too. Servers of the toolkit's own run with fsync=off.
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from velvet_databases.domain import Dataset

Events = Iterator[dict[str, Any]]
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
MAPPERS = ("sqlalchemy orm", "django", "peewee")
OTHER_SERVERS = ("mongodb", "redis")  # they keep documents on a server of their own
ROUNDS = 5
NEW_ORDERS = 5
LONGEST_SQL = 2_000
# From here on one round of a page tells enough.
SLOW_S = 0.2
POOL_SIZES = (1, 2, 4, 8, 16, 32)
POOLS = ("ours", "psycopg_pool", "sqlalchemy")
SERIES_ROWS_PER_MS = 10_000
CUSTOMER = 42
DDL = (
    "ALTER TABLE item ADD COLUMN note TEXT",
    "ALTER TABLE item ADD COLUMN note TEXT DEFAULT 'none'",
    "ALTER TABLE item ADD COLUMN seen TIMESTAMPTZ DEFAULT clock_timestamp()",
    "ALTER TABLE item ALTER COLUMN qty TYPE BIGINT",
    "ALTER TABLE item ADD CONSTRAINT positive CHECK (qty >= 0)",
    "ALTER TABLE item ADD CONSTRAINT positive CHECK (qty >= 0) NOT VALID",
    "CREATE INDEX item_sku ON item (sku)",
    "ALTER TABLE item RENAME COLUMN qty TO quantity",
)


@contextmanager
def address(database: str) -> Iterator[str]:
    """Yield the address of an empty database of that kind; gone afterwards.

    Raises:
        ValueError: no rung of the ladder gives a server; says what would.
    """
    from velvet.services import ServiceUnavailable
    from velvet_databases.services import fresh_database

    if database == SQLITE:
        # A connection that another thread holds open keeps the file on Windows.
        with tempfile.TemporaryDirectory(
            prefix="velvet-databases-", ignore_cleanup_errors=True
        ) as folder:
            yield f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}"
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(fresh_database())
        except ServiceUnavailable as error:
            raise ValueError(str(error)) from None
        yield url


def fill_shop(url: str, data: Dataset) -> None:
    """Make the shop at an address and put the data in by its driver."""
    from velvet_databases.stores import make

    store = make("sqlite3" if url.startswith("sqlite") else "psycopg")
    store.open(url)
    with closing(store):
        store.create_schema()
        store.insert_reference(data)
        store.insert_orders(data, "executemany")


def layers(database: str = SQLITE, rows: int = 2_000) -> Events:
    """Yield what every store sends for the same operations, and what a list of `rows` orders costs."""
    from velvet_databases.domain import generate
    from velvet_databases.stores import NAMES, StoreUnavailable, make

    names = [name for name in NAMES if name not in OTHER_SERVERS]
    yield {"type": "plan", "total": len(names)}
    with address(database) as url:
        data = generate(rows)
        fill_shop(url, data)
        for done, name in enumerate(names):
            found: dict[str, Any] = {"type": "store", "store": name, "done": done + 1}
            try:
                store = make(name)
                store.open(url)
            except StoreUnavailable as error:
                yield {**found, "type": "absent", "reason": str(error)}
                continue
            with closing(store):
                sent = {what: _sent(store, run) for what, run in _operations(store, data, done)}
                yield {**found, "sent": sent, "rows": rows, **_cost(store, rows)}


def _operations(
    store: Any, data: Dataset, number: int
) -> Iterator[tuple[str, Callable[[], object]]]:
    from velvet_databases.domain import Dataset
    from velvet_databases.stores import Loading, TransferHow

    first = len(data.orders) + 1 + number * NEW_ORDERS
    fresh = Dataset(
        orders=tuple(
            replace(
                order,
                id=first + at,
                lines=tuple(
                    replace(line, id=3 * (first + at) + extra, order_id=first + at)
                    for extra, line in enumerate(order.lines)
                ),
            )
            for at, order in enumerate(data.orders[:NEW_ORDERS])
        )
    )
    yield "a page of orders by key", partial(store.page, 10, 100)
    yield "one order with its lines", partial(store.get_order, 7)
    for how in (Loading.LAZY, Loading.JOIN, Loading.SELECT_IN):
        name = how.name.lower().replace("_", "-")
        yield f"10 orders with lines, {name}", partial(store.orders_with_lines, how, 10)
    order = data.orders[19 + number]
    yield "a status, if unchanged", partial(store.set_status, order.id, "paid", order.version)
    yield "money, in one statement", partial(store.transfer, 1, 2, 1, TransferHow.ATOMIC)
    newest = partial(store.insert_orders, fresh, store.bulk_methods()[-1])
    yield f"{NEW_ORDERS} new orders, fastest way", newest


def _sent(store: Any, run: Callable[[], object]) -> list[list[Any]] | str:
    """Return (times, text, types of the values) of each statement, or why the store refuses."""
    from velvet_databases.stores import Unsupported

    try:
        with store.capture() as log:
            run()
    except Unsupported as error:
        return str(error)
    groups = log.by_fingerprint().values()
    return [[len(one), _text(one[0]), list(one[0].params_shape)] for one in groups]


def _text(statement: Any) -> str:
    text = " ".join(statement.sql.split())
    return text if len(text) <= LONGEST_SQL else str(statement.fingerprint)


def _cost(store: Any, rows: int) -> dict[str, float]:
    """Read a list of orders: the best of some rounds, then once with memory traced."""
    read = partial(store.page, 0, rows)
    read()
    best = min(_timed(read) for _ in range(ROUNDS))
    tracemalloc.start()
    try:
        kept = read()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == rows
    return {"ms": round(best * 1e3, 3), "held_kb": held / 1024, "peak_kb": peak / 1024}


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def pages(
    database: str = POSTGRES,
    mapper: str = MAPPERS[0],
    parents: int = 100,
    children: int = 10,
    rtt_ms: float = 1.0,
) -> Events:
    """Yield what a page sends and takes by each strategy; smaller pages too, to fit prices."""
    from velvet_databases.domain import generate
    from velvet_databases.latency import LatencyProxy
    from velvet_databases.stores import Loading, StoreUnavailable, Unsupported, make

    strategies = (Loading.LAZY, Loading.JOIN, Loading.SELECT_IN)
    lines, counts = sorted({1, children}), sorted({min(10, parents), parents})
    yield {"type": "plan", "total": len(lines) * len(counts) * len(strategies)}
    for each in lines:
        with ExitStack() as stack:
            url = stack.enter_context(address(database))
            fill_shop(url, generate(parents, lines_per_order=each))
            # Without a distance the connection is direct; SQLite has none to add to.
            distance = rtt_ms if database == POSTGRES else 0.0
            if distance:
                url = stack.enter_context(LatencyProxy(url, distance)).url
            try:
                store = make(mapper)
                store.open(url)
            except StoreUnavailable as error:
                raise ValueError(str(error)) from None
            stack.enter_context(closing(store))
            for strategy in strategies:
                name = strategy.name.lower()
                try:
                    for count in counts:
                        found = {"strategy": name, "parents": count, "children": each}
                        taken = _page(store, strategy, count)
                        yield {"type": "page", **found, "rtt_ms": distance, **taken}
                except Unsupported as error:
                    yield {"type": "refused_page", "strategy": name, "reason": str(error)}


def _page(store: Any, strategy: Any, parents: int) -> dict[str, Any]:
    """Read the page: once for caches, some times for the clock, then with its statements noted."""
    from velvet_databases.nplusone import Detector

    def watched() -> tuple[Any, list[Any]]:
        with Detector() as detector, store.capture() as log:
            store.orders_with_lines(strategy, parents)
        return log, detector.findings

    read = partial(store.orders_with_lines, strategy, parents)
    rounds = 3 if _timed(read) < SLOW_S else 1
    took = min(_timed(read) for _ in range(rounds))
    log, findings = min((watched() for _ in range(rounds)), key=lambda one: float(one[0].total_s))
    found: dict[str, Any] = {
        "ms": round(took * 1e3, 4),
        "statements_us": [round((one.seconds or 0.0) * 1e6) for one in log],
    }
    for one in findings:
        place = {"relation": one.relation, "loads": one.loads, "place": str(one.origin)}
        found["finding"] = {**place, "fix": one.fix}
    return found


def pools(threads: int = 32, wait_ms: float = 2.0, compute_ms: float = 0.5) -> Events:
    """Yield the curve of each pool on a PostgreSQL, size by size, then pgbench below them."""
    from velvet_databases.pool_adapters import ADAPTERS
    from velvet_databases.pool_curve import pgbench, pgbench_tps, pool_curve
    from velvet_databases.stores import StoreUnavailable

    statements = ["SELECT 1"]
    if compute_ms:
        rows = round(compute_ms * SERIES_ROWS_PER_MS)
        statements.insert(0, f"SELECT count(*) FROM generate_series(1, {rows})")  # noqa: S608
    if wait_ms:
        statements.insert(0, f"SELECT pg_sleep({wait_ms / 1e3:g})")
    program = pgbench()
    yield {"type": "plan", "total": len(POOL_SIZES) * (len(POOLS) + (program is not None))}
    with address(POSTGRES) as url:
        for size in POOL_SIZES:
            for name in POOLS:
                try:
                    (point,) = pool_curve(
                        ADAPTERS[name], url, [size], threads, 0.3, tuple(statements)
                    )
                except (ModuleNotFoundError, StoreUnavailable, ValueError) as error:
                    yield {"type": "absent", "pool": name, "reason": str(error)}
                    continue
                yield {"type": "point", "pool": name, **asdict(point)}
            if program is not None:
                tps = pgbench_tps(program, url, size, 1, tuple(statements))
                yield {"type": "point", "pool": "pgbench", "size": size, "tps": tps}


def plays() -> Events:
    """Yield every anomaly at every level of both databases, played for real."""
    from velvet_databases.anomalies import ANOMALIES, verdict
    from velvet_databases.isolation_stage import LEVELS

    backends = {SQLITE: "sqlite", POSTGRES: "postgresql"}
    yield {"type": "plan", "total": len(ANOMALIES) * sum(map(len, LEVELS.values()))}
    for database, backend in reversed(backends.items()):
        with address(database) as url:
            for level in LEVELS[backend]:
                for name, one in ANOMALIES.items():
                    found, played = verdict(url, level, name)
                    yield {
                        "type": "play",
                        "where": f"{database}, {level}",
                        "anomaly": name,
                        "title": one.title,
                        "meaning": one.meaning,
                        "verdict": found,
                        "final": [list(row) for row in played.final],
                        "steps": [asdict(step) for step in played.results],
                    }


def plans(rows: int = 50_000) -> Events:
    """Yield the plan of one query under each index on both databases, and of two ways of paging."""
    import sqlite3

    import psycopg

    from velvet_databases.explain import explain
    from velvet_databases.samples import event_table

    paging = {"offset": event_table.OFFSET_PAGE, "keyset": event_table.KEYSET_PAGE}
    yield {"type": "plan", "total": 2 * len(event_table.INDEXES) + len(paging)}
    with address(POSTGRES) as url, psycopg.connect(url, autocommit=True) as connection:
        # Parallel workers would make the count of pages depend on when each of them started.
        connection.execute("SET max_parallel_workers_per_gather = 0")
        event_table.fill(connection, rows)
        for index in event_table.INDEXES:
            event_table.use_index(connection, index)
            found = explain(connection, event_table.QUERY.format(mark="%s"), (CUSTOMER,))
            yield _plan(found, POSTGRES, index, rows)
        event_table.use_index(connection, "none")
        for name, text in paging.items():
            found = explain(connection, text.format(mark="%s"), (max(1, rows - 1_000),))
            yield {**_plan(found, POSTGRES, name, rows), "type": "paging"}
    with closing(sqlite3.connect(":memory:")) as memory:
        event_table.fill(memory, rows)
        for index in event_table.INDEXES:
            event_table.use_index(memory, index)
            found = explain(memory, event_table.QUERY.format(mark="?"), (CUSTOMER,))
            yield _plan(found, SQLITE, index, rows)


def _plan(plan: Any, database: str, index: str, rows: int) -> dict[str, Any]:
    """Return a plan as rows of a tree: depth, step, what it does, its figures, its share of pages."""
    from velvet_databases.explain import advise
    from velvet_databases.samples import event_table

    tree: list[dict[str, Any]] = []
    for depth, node in plan.walk():
        if node.kind == "QUERY PLAN":
            continue
        figures = ""
        if node.actual_rows is not None:
            figures = f"{node.actual_rows * node.loops:,.0f} rows, {node.buffers:,} pages"
            if node.removed:
                figures += f", {node.removed * node.loops:,.0f} thrown away"
        using = f"using {node.index} " if node.index else ""
        on = f"on {node.relation} " if node.relation else ""
        what = f"{using}{on}{node.condition}".replace("::text", "").strip()
        share = node.buffers / plan.buffers if plan.buffers else 0.0
        step = {"kind": node.kind, "what": what, "figures": figures, "share": share}
        tree.append({"depth": depth - (plan.root.kind == "QUERY PLAN"), **step})
    advice = [f"{one.rule}: {one.evidence}" for one in advise(plan)] if plan.analyzed else []
    return {
        "type": "explained",
        "database": database,
        "index": index,
        "made_by": event_table.INDEXES.get(index, ""),
        "rows": rows,
        "pages": plan.buffers,
        "tree": tree,
        "advice": advice,
    }


def changes(rows: int = 100_000) -> Events:
    """Yield which locks statements take, then what a writer felt during each change."""
    import psycopg

    from velvet_databases.migrate.online import lock_report
    from velvet_databases.samples.item_changes import CHANGES, felt, fill

    yield {"type": "plan", "total": len(DDL) + sum(len(one.ways) for one in CHANGES.values())}
    with address(POSTGRES) as url, psycopg.connect(url, autocommit=True) as db:
        for change in CHANGES.values():
            for way in change.ways:
                fill(db, rows)
                found = felt(url, db, change, way, reader_holds_s=0.8, every=0.004, calm=0.15)
                yield {
                    "type": "change",
                    "change": change.title,
                    "way": way.replace("_", " "),
                    "start_s": found.began_s,
                    "seconds": found.action_s,
                    "max_stall_ms": found.max_stall_ms,
                    "errors": found.errors,
                    "writes": [[round(at, 4), round(s * 1e3, 3)] for at, s in found.log],
                }
        fill(db, rows)
        for ddl in DDL:
            report = lock_report(db, ddl)
            yield {
                "type": "lock",
                "statement": ddl.replace("ALTER TABLE item ", ""),
                "lock": report.mode.removesuffix("Lock"),
                "stops reads": "yes" if report.blocks_reads else "no",
                "stops writes": "yes" if report.blocks_writes else "no",
                "reads all rows": "yes" if report.scans_table else "no",
                "rewrites": "yes" if report.rewrites_table else "no",
            }
