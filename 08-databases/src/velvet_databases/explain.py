"""What a database does for a query, as a tree that is the same for PostgreSQL and SQLite.

Reading plans is pattern recognition, and the patterns hide in nesting and in numbers that are
counted per loop. Here every node carries totals, so that two plans can be compared line by line.
Sources: "Using EXPLAIN" in the PostgreSQL documentation, "EXPLAIN QUERY PLAN" in SQLite's.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

_SQLITE_USING = re.compile(r"USING (?:COVERING |AUTOMATIC )*INDEX (\w+)")
_TAKES_ALL = frozenset({"Sort", "Aggregate", "Hash", "Materialize"})
_SQLITE_VERB = re.compile(r"^(SCAN|SEARCH)(?: TABLE)? (\w+)")


@dataclass(frozen=True)
class Node:
    """One step of a plan.

    Attributes:
        kind: such as ``"Seq Scan"`` (PostgreSQL) or ``"SCAN"`` (SQLite).
        relation: the table it reads, if any.
        index: the index it uses, if any.
        condition: what it compares or filters by, as the database prints it.
        estimated_rows: per loop, as the planner guessed; None from SQLite.
        actual_rows: per loop; None where the query was not run.
        loops: how often it ran.
        removed: rows per loop that its filter threw away.
        buffers: 8 kB pages touched by it and its children, from cache or disk.
        disk_kb: what a sort wrote to disk.
        children: the steps that feed it.
    """

    kind: str
    relation: str | None = None
    index: str | None = None
    condition: str = ""
    estimated_rows: float | None = None
    actual_rows: float | None = None
    loops: float = 1
    removed: float = 0
    buffers: int = 0
    disk_kb: int = 0
    children: tuple[Node, ...] = ()

    @property
    def estimate_error(self) -> float:
        """How far the guess was off, as a factor of at least 1; 1 where nothing was counted."""
        if self.estimated_rows is None or self.actual_rows is None or not self.loops:
            return 1.0
        # A guess is never below one row, so none found is no worse than one.
        guessed, found = max(1.0, self.estimated_rows), max(1.0, self.actual_rows)
        return max(guessed / found, found / guessed)

    @property
    def line(self) -> str:
        """One line of text: what it does, and the figures that were counted."""
        words = [self.kind]
        if self.index:
            words.append(f"using {self.index}")
        if self.relation:
            words.append(f"on {self.relation}")
        if self.condition:
            words.append(self.condition)
        if self.actual_rows is not None:
            total = self.actual_rows * self.loops
            words.append(f"[{total:.0f} rows, {self.buffers} buffers]")
        return " ".join(words)


@dataclass(frozen=True)
class Plan:
    """The plan of one statement.

    Attributes:
        dialect: ``"postgresql"`` or ``"sqlite"``.
        root: the last step; its figures include all others.
        analyzed: whether the statement was run, so that actual figures exist.
    """

    dialect: str
    root: Node
    analyzed: bool = False

    def nodes(self) -> Iterator[Node]:
        """Yield every step, parents before children, in the order of the text."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    @property
    def indexes(self) -> tuple[str, ...]:
        """The indexes it uses, each once, in the order of the text."""
        return tuple(dict.fromkeys(node.index for node in self.nodes() if node.index))

    @property
    def buffers(self) -> int:
        """Pages of 8 kB that the statement touched: the same on every machine, unlike its time."""
        return self.root.buffers

    def finished(self) -> Iterator[Node]:
        """Yield the steps that ran to their end: a LIMIT stops what feeds it, whose counts are cut.

        A step that takes all before it gives any, such as a sort, ends that again.
        """
        waiting = [(self.root, False)]
        while waiting:
            node, stopped = waiting.pop()
            if not stopped:
                yield node
            stops = node.kind == "Limit" or (stopped and node.kind not in _TAKES_ALL)
            waiting.extend((child, stops) for child in reversed(node.children))

    def render(self) -> str:
        """Return the tree as indented text."""
        lines: list[str] = []
        waiting = [(0, self.root)]
        while waiting:
            depth, node = waiting.pop()
            lines.append("  " * depth + ("-> " if depth else "") + node.line)
            waiting.extend((depth + 1, child) for child in reversed(node.children))
        return "\n".join(lines)


def from_postgres(document: Sequence[Mapping[str, Any]]) -> Plan:
    """Read what ``EXPLAIN (FORMAT JSON)`` answers; any version since 14.

    Raises:
        ValueError: it is no such document.
    """
    try:
        root = _postgres_node(document[0]["Plan"])
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError(
            "no EXPLAIN document: expected a list with one object that has a Plan"
        ) from None
    return Plan("postgresql", root, root.actual_rows is not None)


_CONDITIONS = ("Index Cond", "Hash Cond", "Merge Cond", "Recheck Cond", "Join Filter", "Filter")


def _postgres_node(found: Mapping[str, Any]) -> Node:
    # Recursion is as deep as the plan's own tree, which the planner keeps to tens of levels.
    conditions = [f"{name}: {found[name]}" for name in _CONDITIONS if name in found]
    if "Sort Key" in found:
        conditions.append("by " + ", ".join(found["Sort Key"]))
    loops = found.get("Actual Loops", 1)
    on_disk = found.get("Sort Space Type") == "Disk"
    return Node(
        kind=found.get("Operation", found["Node Type"]),
        relation=found.get("Relation Name"),
        index=found.get("Index Name"),
        condition="; ".join(conditions),
        estimated_rows=float(found["Plan Rows"]),
        actual_rows=None if "Actual Rows" not in found else float(found["Actual Rows"]),
        loops=loops,
        removed=found.get("Rows Removed by Filter", 0),
        buffers=found.get("Shared Hit Blocks", 0) + found.get("Shared Read Blocks", 0),
        disk_kb=found.get("Sort Space Used", 0) if on_disk else 0,
        children=tuple(_postgres_node(child) for child in found.get("Plans", ())),
    )


def from_sqlite(rows: Sequence[tuple[int, int, int, str]]) -> Plan:
    """Read what ``EXPLAIN QUERY PLAN`` answers: rows of id, parent, unused, detail.

    Raises:
        ValueError: a step stands before the one that it feeds, so they are no tree.
    """
    below: dict[int, list[Node]] = {}
    for key, parent, _, detail in sorted(rows, reverse=True):
        if not parent < key:
            raise ValueError(f"step {key!r} must have a parent with a lower id, not {parent!r}")
        verb, using = _SQLITE_VERB.match(detail), _SQLITE_USING.search(detail)
        node = Node(
            kind=verb.group(1) if verb else detail,
            relation=verb.group(2) if verb else None,
            index=using.group(1) if using else None,
            condition=detail[detail.rindex("(") :] if verb and detail.endswith(")") else "",
            children=tuple(reversed(below.get(key, ()))),
        )
        below.setdefault(parent, []).append(node)
    top = below.get(0, [])[::-1]
    return Plan("sqlite", top[0] if len(top) == 1 else Node("QUERY PLAN", children=tuple(top)))


Params = Sequence[Any] | Mapping[str, Any]
Connection = psycopg.Connection[Any] | sqlite3.Connection


def explain(connection: Connection, sql: str, params: Params = ()) -> Plan:
    """Return the plan of one statement; on PostgreSQL with what was counted while it ran.

    ``EXPLAIN ANALYZE`` runs the statement, a DELETE too. So it always runs in a transaction, or
    below a savepoint of the caller's, that is rolled back. SQLite never runs what it explains.

    Args:
        connection: a psycopg or sqlite3 connection; what it had open stays open and unchanged.
        sql: one statement, with the placeholders of its driver.
        params: their values.

    Raises:
        ValueError: more than one statement, or one that has no plan.

    Source: EXPLAIN in the PostgreSQL documentation; FORMAT JSON, BUFFERS, SETTINGS.
    """
    if isinstance(connection, sqlite3.Connection):
        return _sqlite(connection, sql, params)
    query = f"EXPLAIN (ANALYZE, BUFFERS, SETTINGS, FORMAT JSON) {sql}"
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
