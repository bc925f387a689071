"""Ask a database for its plan without changing anything, whatever the statement is.

``EXPLAIN ANALYZE`` runs the statement, a DELETE too. So what is analysed here always runs in a
transaction, or below a savepoint of the caller's, that is rolled back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from velvet_databases.plan import Plan, from_postgres, from_sqlite

Params = Sequence[Any] | Mapping[str, Any]
Connection = psycopg.Connection[Any] | sqlite3.Connection


def explain(connection: Connection, sql: str, params: Params = (), *, analyze: bool = True) -> Plan:
    """Return the plan of one statement.

    Args:
        connection: a psycopg or sqlite3 connection; what it had open stays open and unchanged.
        sql: one statement, with the placeholders of its driver.
        params: their values.
        analyze: also run it (PostgreSQL only) and count rows, buffers and time; it is rolled back.
            SQLite never runs what it explains.

    Raises:
        ValueError: more than one statement, or one that has no plan.

    Source: EXPLAIN in the PostgreSQL documentation; FORMAT JSON, BUFFERS, SETTINGS.
    """
    if isinstance(connection, sqlite3.Connection):
        return _sqlite(connection, sql, params)
    options = "ANALYZE, BUFFERS, SETTINGS, FORMAT JSON" if analyze else "SETTINGS, FORMAT JSON"
    query = f"EXPLAIN ({options}) {sql}"
    try:
        with (
            connection.transaction(force_rollback=True),
            # Not the connection's own kind of cursor, which may fill in values by itself.
            psycopg.Cursor(connection, row_factory=tuple_row) as cursor,
        ):
            # The binary format means the extended protocol, which takes one statement and no more.
            cursor.execute(query.encode(), params or None, binary=True)
            found = cursor.fetchone()
    except psycopg.errors.SyntaxError as error:
        raise ValueError(f"EXPLAIN takes one statement that has a plan: {error}") from error
    assert found is not None
    return from_postgres(found[0])


def _sqlite(connection: sqlite3.Connection, sql: str, params: Params) -> Plan:
    cursor = connection.cursor()
    cursor.row_factory = None
    try:
        rows = cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
    except (sqlite3.ProgrammingError, sqlite3.Warning) as error:
        if "one statement" not in str(error):
            raise
        raise ValueError(f"EXPLAIN takes one statement that has a plan: {error}") from error
    finally:
        cursor.close()
    if not rows:
        raise ValueError("EXPLAIN takes one statement that has a plan: SQLite told none")
    return from_sqlite(rows)


_INDEXED = """
SELECT t.relname, a.attname FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%'
"""


def indexed_columns(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """Return the leading columns of all indexes, by table: those that a lookup can use."""
    found: dict[str, set[str]] = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for table, column in cursor.execute(_INDEXED):
            found.setdefault(table, set()).add(column)
    return found
