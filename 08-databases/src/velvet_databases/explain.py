"""What a database does for a query, as one tree for PostgreSQL and SQLite, and what is wrong.

Reading plans is pattern recognition, and the patterns hide in nesting and in numbers that are
counted per loop. Here every node carries totals, so that two plans can be compared line by line,
and `advise` says six things and no more: a tool that warns about everything is switched off.
Sources: "Using EXPLAIN" in the PostgreSQL documentation, "EXPLAIN QUERY PLAN" in SQLite's.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

_SQLITE_USING = re.compile(r"USING (?:COVERING |AUTOMATIC )*INDEX (\w+)")
_SQLITE_VERB = re.compile(r"^(SCAN|SEARCH)(?: TABLE)? (\w+)")
_TAKES_ALL = frozenset({"Sort", "Aggregate", "Hash", "Materialize"})
_CONDITIONS = ("Index Cond", "Hash Cond", "Merge Cond", "Recheck Cond", "Join Filter", "Filter")
_NO_PLAN = "EXPLAIN takes one statement that has a plan"


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
        using = f"using {self.index}" if self.index else ""
        on = f"on {self.relation}" if self.relation else ""
        counted = ""
        if self.actual_rows is not None:
            counted = f"[{self.actual_rows * self.loops:.0f} rows, {self.buffers} buffers]"
        return " ".join(word for word in (self.kind, using, on, self.condition, counted) if word)


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

    def walk(self) -> Iterator[tuple[int, Node]]:
        """Yield the depth and the node of every step, parents before children."""
        waiting = [(0, self.root)]
        while waiting:
            depth, node = waiting.pop()
            yield depth, node
            waiting.extend((depth + 1, child) for child in reversed(node.children))

    def nodes(self) -> Iterator[Node]:
        """Yield every step in the order of the text."""
        return (node for _, node in self.walk())

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
        return "\n".join(
            "  " * depth + ("-> " if depth else "") + node.line for depth, node in self.walk()
        )


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


def _postgres_node(found: Mapping[str, Any]) -> Node:
    # Recursion is as deep as the plan's own tree, which the planner keeps to tens of levels.
    conditions = [f"{name}: {found[name]}" for name in _CONDITIONS if name in found]
    if "Sort Key" in found:
        conditions.append("by " + ", ".join(found["Sort Key"]))
    on_disk = found.get("Sort Space Type") == "Disk"
    return Node(
        kind=found.get("Operation", found["Node Type"]),
        relation=found.get("Relation Name"),
        index=found.get("Index Name"),
        condition="; ".join(conditions),
        estimated_rows=float(found["Plan Rows"]),
        actual_rows=None if "Actual Rows" not in found else float(found["Actual Rows"]),
        loops=found.get("Actual Loops", 1),
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


def explain(
    connection: psycopg.Connection[Any] | sqlite3.Connection, sql: str, params: Params = ()
) -> Plan:
    """Return the plan of one statement; on PostgreSQL with what was counted while it ran.

    ``EXPLAIN ANALYZE`` runs the statement, a DELETE too. So it always runs in a transaction, or
    below a savepoint of the caller's, that is rolled back. SQLite never runs what it explains.

    Args:
        connection: what it had open stays open and unchanged.
        sql: one statement, with the placeholders of its driver, and `params` their values.

    Raises:
        ValueError: more than one statement, or one that has no plan.
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
        raise ValueError(f"{_NO_PLAN}: {error}") from error
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
        raise ValueError(f"{_NO_PLAN}: {error}") from error
    finally:
        cursor.close()
    if not rows:
        raise ValueError(f"{_NO_PLAN}: SQLite gave none")
    return from_sqlite(rows)


def indexed_columns(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """Return the leading columns of all indexes, by table: those that a lookup can use."""
    query = (
        "SELECT t.relname, a.attname FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] "
        r"JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname NOT LIKE 'pg\_%'"
    )
    found: dict[str, set[str]] = {}
    with connection.cursor(row_factory=tuple_row) as cursor:
        for table, column in cursor.execute(query):
            found.setdefault(table, set()).add(column)
    return found


SCANNED = 10_000  # rows below which reading all of them is what the planner should do
KEPT = 0.1  # the share up to which an index would have spared most of the reading
ESTIMATE_OFF = 10.0
LOOPS = 1_000
SKIPPED = 1_000
_CALL = re.compile(r"\b([a-z_]\w*)\(+([a-z_]\w*)\b")


@dataclass(frozen=True)
class Advice:
    """One finding: its `rule`, the step, and the figures with what helps.

    The rules are ``seq-scan``, ``sort-on-disk``, ``estimate``, ``nested-loop``, ``function`` and
    ``offset``.
    """

    rule: str
    node: Node
    evidence: str


def advise(plan: Plan, indexed: Mapping[str, Collection[str]] | None = None) -> list[Advice]:
    """Return what the figures of an analysed plan say; nothing where nothing was counted.

    Args:
        plan: of `explain` on PostgreSQL; SQLite counts no rows.
        indexed: what `indexed_columns` returned; without it a function on an indexed column is
            not noticed.
    """
    if not plan.analyzed:
        return []
    finished = {id(node) for node in plan.finished()}
    found = []
    for node in plan.nodes():
        for rule, judge in _RULES.items():
            if rule != "estimate" or id(node) in finished:
                found += [Advice(rule, node, evidence) for evidence in judge(node)]
        found += [Advice("function", node, evidence) for evidence in _function(node, indexed or {})]
    return found


def _estimate(node: Node) -> Iterator[str]:
    if node.estimate_error > ESTIMATE_OFF and (node.actual_rows or 0) * node.loops > 0:
        yield (
            f"guessed {node.estimated_rows:.0f} rows and found {node.actual_rows:.0f}; "
            "ANALYZE the table, or CREATE STATISTICS for columns that go together"
        )


def _seq_scan(node: Node) -> Iterator[str]:
    kept = (node.actual_rows or 0) * node.loops
    scanned = kept + node.removed * node.loops
    if node.kind.endswith("Seq Scan") and scanned >= SCANNED and kept <= KEPT * scanned:
        yield (
            f"read {scanned:.0f} rows of {node.relation} to keep {kept:.0f}; "
            "an index on the filtered columns reads what is kept"
        )


def _sort_on_disk(node: Node) -> Iterator[str]:
    if node.disk_kb:
        yield f"the sort wrote {node.disk_kb} kB to disk; an index in that order, or more work_mem"


def _nested_loop(node: Node) -> Iterator[str]:
    inner = node.children[-1] if node.children else node
    if node.kind == "Nested Loop" and inner.loops >= LOOPS:
        yield f"its inner side ran {inner.loops:.0f} times; a hash join reads it once"


def _offset(node: Node) -> Iterator[str]:
    if node.kind != "Limit" or not node.children:
        return
    fetched, returned = node.children[0].actual_rows or 0, node.actual_rows or 0
    if fetched - returned >= SKIPPED:
        yield (
            f"fetched {fetched:.0f} rows to return {returned:.0f}; "
            "continue after the last key that was shown instead of OFFSET"
        )


def _function(node: Node, indexed: Mapping[str, Collection[str]]) -> Iterator[str]:
    columns = indexed.get(node.relation or "", ()) if node.kind.endswith("Seq Scan") else ()
    for function, column in _CALL.findall(node.condition):
        if column in columns:
            yield (
                f"{function}({column}) cannot use the index on {column}; "
                f"index the expression {function}({column})"
            )


_RULES: dict[str, Callable[[Node], Iterator[str]]] = {
    "estimate": _estimate,
    "seq-scan": _seq_scan,
    "sort-on-disk": _sort_on_disk,
    "nested-loop": _nested_loop,
    "offset": _offset,
}
