"""What an index saves, counted in pages and in time, and what a page far down a list costs.

Pages are the same on every machine and every run; times are not. Every contender has a schema of
its own with the same rows, because they differ in nothing but the index.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, Timed, growth, ratio, speedup

DEEP = 150_000


@contextmanager
def stage(rows: int, index: str = "none") -> Iterator[Any]:
    """A connection to a schema with the filled table, dropped afterwards."""
    import psycopg

    from velvet_databases.samples import event_table

    schema = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(os.environ["VELVET_POSTGRES_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute(f"SET search_path = {schema}")
        # Parallel workers would make the count of pages depend on when each of them started.
        connection.execute("SET max_parallel_workers_per_gather = 0")
        try:
            event_table.fill(connection, rows)
            event_table.use_index(connection, index)
            yield connection
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


def _lookup(index: str, rows: int) -> Iterator[Timed]:
    from velvet_databases.explain import explain
    from velvet_databases.samples import event_table

    query = event_table.QUERY.format(mark="%s")
    with stage(rows, index) as connection:

        def look() -> list[Any]:
            return list(connection.execute(query, (42,)).fetchall())

        yield Timed(
            look,
            metrics=lambda: {"buffers": explain(connection, query, (42,)).buffers},
        )


def _page(page: str, depth: int) -> Iterator[Timed]:
    from velvet_databases.explain import explain
    from velvet_databases.samples import event_table

    query = getattr(event_table, page).format(mark="%s")
    with stage(depth + 1000) as connection:
        yield Timed(
            lambda: list(connection.execute(query, (depth,)).fetchall()),
            metrics=lambda: {"buffers": explain(connection, query, (depth,)).buffers},
        )


def _pages(page: str, depth: int) -> Iterator[Callable[[], dict[str, float]]]:
    from velvet_databases.explain import explain
    from velvet_databases.samples import event_table

    query = getattr(event_table, page).format(mark="%s")
    with stage(depth + 1000) as connection:
        yield lambda: {"buffers": explain(connection, query, (depth,)).buffers}


PAGING = {"offset": "OFFSET_PAGE", "keyset": "KEYSET_PAGE"}


def _add_lookup(suite: Suite) -> None:
    effect = suite.comparison(
        "index_effect",
        title="One customer's newest open events, by index",
        unit="ms",
        sizes={"rows": [10_000, 50_000, 200_000]},
        default=lambda rows: rows <= 50_000,
        quick=lambda rows: rows == 50_000,
        clock="wall",
        metrics={"buffers": Metric("pages")},
        rounds={"quick": 5, "default": 15, "full": 30},
    )
    for index in ("none", "single", "composite", "partial"):
        effect.add(
            index,
            partial(_lookup, index),
            baseline=index == "none",
            needs="postgres",
        )
    effect.same_result()
    at = {"rows": 50_000}
    suite.claim(
        "the right index touches a twentieth of the pages, or less",
        ratio("index_effect", "none", "composite", "buffers", **at) >= 20,
        needs="postgres",
    )
    suite.claim(
        "and an index on one column only is half-way",
        (ratio("index_effect", "none", "single", "buffers", **at) >= 5)
        & (ratio("index_effect", "single", "composite", "buffers", **at) >= 3),
        needs="postgres",
    )


def _add_paging(suite: Suite) -> None:
    paging = suite.comparison(
        "paging",
        title=f"Twenty rows at row {DEEP:,}",
        unit="ms",
        sizes={"depth": [DEEP]},
        clock="wall",
        tier="default",
        metrics={"buffers": Metric("pages")},
        rounds={"default": 15, "full": 30},
    )
    for name, page in PAGING.items():
        paging.add(name, partial(_page, page), baseline=name == "offset", needs="postgres")
    paging.same_result()
    suite.claim(
        "the page after a key is many times faster than the page at an offset",
        speedup("paging", "keyset", "offset", depth=DEEP) >= 10,
        needs="postgres",
    )
    pages = suite.comparison(
        "paging_pages",
        title="Pages of 8 kB touched for twenty rows, by depth",
        kind="value",
        unit="pages",
        sizes={"depth": [2_000, 5_000, 12_000, 30_000, 70_000]},
        metrics={"buffers": Metric("pages")},
    )
    for name, page in PAGING.items():
        pages.add(name, partial(_pages, page), baseline=name == "offset", needs="postgres")
    suite.claim(
        "an offset reads all that it skips; a key does not",
        (growth("paging_pages", "offset", over="depth", metric="buffers") >= 0.8)
        & (growth("paging_pages", "keyset", over="depth", metric="buffers") <= 0.2),
        needs="postgres",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of plans."""
    _add_lookup(suite)
    _add_paging(suite)
