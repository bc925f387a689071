"""What a live writer feels while a table is changed: the naive way beside the patient one.

The writer inserts every two milliseconds; the figure is its longest wait, and beside it stands how
long the change took in all. Servers of ours run with fsync=off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from velvet.bench import Metric, Outcome, Suite, mode, ratio
from velvet_databases.comparisons._shop_data import postgres_database
from velvet_databases.samples.item_changes import CHANGES, Change, felt, fill

READER_HOLDS_S = 1.0


def _felt(change: Change, way: str) -> Iterator[Callable[[], Outcome]]:
    """Run a change under a writer, behind a reader that forgot to commit if it has one."""
    import psycopg

    rows = {"quick": 20_000, "default": 120_000, "full": 250_000}[mode()]
    with postgres_database() as url, psycopg.connect(url, autocommit=True) as db:
        fill(db, rows)

        def run() -> Outcome:
            found = felt(url, db, change, way, reader_holds_s=READER_HOLDS_S)
            if found.errors or not found.writes:
                raise ValueError(f"{found.errors} failed writes, {found.writes} good ones")
            return Outcome({"max_stall": found.max_stall_ms, "action": found.action_s})

        yield run


def add_to(suite: Suite) -> None:
    """Add the comparisons of changes under a writer."""
    for name, change in CHANGES.items():
        comparison = suite.comparison(
            f"stall_{name}",
            title=f"{change.title} (fsync=off)",
            kind="run",
            unit="s",
            metrics={"max_stall": Metric("ms"), "action": Metric("s")},
            rounds={"quick": 2, "default": 3, "full": 9},
            # The forgotten reader holds on as long on every machine; the rest needs a full table.
            tier="quick" if change.behind_a_reader else "default",
        )
        for way in change.ways:
            comparison.add(way, partial(_felt, change, way), needs="postgres")
    suite.claim(
        "a lock_timeout cuts the stall behind a forgotten reader to a quarter or less",
        ratio("stall_add_column", "queued", "lock_timeout", "max_stall") >= 4,
        needs="postgres",
    )
    suite.claim(
        "an index built CONCURRENTLY stalls writers for half as long or less",
        ratio("stall_index", "create_index", "concurrently", "max_stall") >= 2,
        needs="postgres",
    )
    suite.claim(
        "expand and contract stalls writers less than the change of a type in place",
        ratio("stall_type", "alter_type", "expand_contract", "max_stall") >= 1.3,
        needs="postgres",
    )
    suite.claim(
        "although it takes longer in all",
        ratio("stall_type", "expand_contract", "alter_type", "action") >= 2,
        needs="postgres",
    )
