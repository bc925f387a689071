"""A table on which the effect of an index can be counted: the same rows on every machine.

Every customer has a row on nearly every page, as in a log that all write to, and one in ten is
open. So a look at one customer is either a read of the whole table or of a few pages, and how
many is decided by the index alone.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg

CUSTOMERS = 2_000
#: One customer's newest open events; the customer is its parameter.
QUERY = (
    "SELECT id, placed_at FROM event WHERE customer_id = {mark} AND status = 'open' "
    "ORDER BY placed_at DESC LIMIT 20"
)
OFFSET_PAGE = "SELECT id, note FROM event ORDER BY id LIMIT 20 OFFSET {mark}"
KEYSET_PAGE = "SELECT id, note FROM event WHERE id > {mark} ORDER BY id LIMIT 20"
#: Better and better: name -> the statement that makes it. `none` makes nothing.
INDEXES: dict[str, str] = {
    "none": "",
    "single": "CREATE INDEX event_by ON event (customer_id)",
    "composite": "CREATE INDEX event_by ON event (customer_id, status, placed_at)",
    "partial": "CREATE INDEX event_by ON event (customer_id, placed_at) WHERE status = 'open'",
}
_TABLE = (
    "CREATE TABLE event (id {key} PRIMARY KEY, customer_id INTEGER NOT NULL, "
    "status TEXT NOT NULL, placed_at INTEGER NOT NULL, note TEXT NOT NULL)"
)
# The remainder of the quotient puts a customer's open rows apart from each other.
_ROWS = (
    "INSERT INTO event {numbers} SELECT n, n % {customers}, "
    "CASE WHEN (n / {customers} + n) % 10 = 0 THEN 'open' ELSE 'done' END, n, '{note}' FROM {source}"
)
_COUNTING = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows})"
Connection = psycopg.Connection[Any] | sqlite3.Connection


def fill(connection: Connection, rows: int) -> None:
    """Make the table `event` with so many rows and gather its statistics; O(rows).

    Raises:
        ValueError: rows is below 1.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    counting, source, key = "", f"generate_series(1, {int(rows)}) AS n", "BIGINT"
    if isinstance(connection, sqlite3.Connection):
        counting, source, key = _COUNTING.format(rows=int(rows)), "s", "INTEGER"
    connection.execute(_TABLE.format(key=key))
    connection.execute(
        _ROWS.format(numbers=counting, customers=CUSTOMERS, note="x" * 60, source=source)
    )
    connection.execute("ANALYZE event")


def use_index(connection: Connection, name: str) -> None:
    """Replace the index on `event` by one of `INDEXES`.

    Raises:
        ValueError: there is no such index.
    """
    if name not in INDEXES:
        raise ValueError(f"there is no index {name!r}; known are {', '.join(INDEXES)}")
    connection.execute("DROP INDEX IF EXISTS event_by")
    if INDEXES[name]:
        connection.execute(INDEXES[name])
        connection.execute("ANALYZE event")
