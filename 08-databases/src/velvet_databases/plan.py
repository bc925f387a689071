"""What a database means to do for a query, as a tree that is the same for PostgreSQL and SQLite.

Reading plans is pattern recognition, and the patterns hide in nesting and in numbers that are
counted per loop. Here every node carries totals, so that two plans can be compared line by line.
Sources: "Using EXPLAIN" in the PostgreSQL documentation, "EXPLAIN QUERY PLAN" in SQLite's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
        milliseconds: of all loops, its children included; None where it was not run.
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
    milliseconds: float | None = None
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

    def worst_estimate(self) -> float:
        """Return the largest factor between guessed and counted rows of any finished step."""
        return max(node.estimate_error for node in self.finished())

    def render(self) -> str:
        """Return the tree as indented text."""
        lines: list[str] = []
        waiting = [(0, self.root)]
        while waiting:
            depth, node = waiting.pop()
            lines.append("  " * depth + ("-> " if depth else "") + node.line)
            waiting.extend((depth + 1, child) for child in reversed(node.children))
        return "\n".join(lines)

    def diff(self, other: Plan) -> str:
        """Return what `other` does differently, as lines marked - (here) and + (there)."""
        mine, theirs = self.render().splitlines(), other.render().splitlines()
        changes = difflib.ndiff(mine, theirs)
        return "\n".join(line for line in changes if not line.startswith("?"))


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
    spent = found.get("Actual Total Time")
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
        milliseconds=None if spent is None else spent * loops,
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
