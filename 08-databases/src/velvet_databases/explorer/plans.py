"""Plans as the page shows them: rows of a tree, read from a child's lines or made at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from velvet_databases.explorer.telling import Event
from velvet_databases.plan import Node, Plan

SQLITE_ROWS = 20_000
CUSTOMER = 42


@dataclass(frozen=True)
class TreeRow:
    """A line of a tree: how deep it stands, the step, and its share of all pages touched."""

    depth: int
    kind: str
    what: str
    figures: str
    share: float


@dataclass(frozen=True)
class Shown:
    """A plan with what made its index, and what the six rules say about it."""

    plan: Plan
    made_by: str = ""
    advice: tuple[tuple[str, str], ...] = ()


@dataclass
class ShownPlans:
    """Plans by index, and of two ways of turning pages."""

    by_index: dict[str, Shown] = field(default_factory=dict)
    pages: dict[str, Shown] = field(default_factory=dict)
    rows: int = 0
    depth: int = 0


def _node(told: Mapping[str, Any]) -> Node:
    values = dict(told)
    values["children"] = tuple(_node(child) for child in told["children"])
    return Node(**values)


def read_plans(events: Iterable[Event]) -> ShownPlans:
    """Read the job's lines; O(n)."""
    found = ShownPlans()
    for event in events:
        if event.get("type") != "plan":
            continue
        plan = Plan(event["dialect"], _node(event["root"]), analyzed=True)
        advice = tuple((one["rule"], one["evidence"]) for one in event["advice"])
        found.rows = event["rows"]
        if "index" in event:
            found.by_index[event["index"]] = Shown(plan, event["made_by"], advice)
        else:
            found.pages[event["page"]] = Shown(plan, "", advice)
            found.depth = event["depth"]
    return found


def sqlite_plans(rows: int = SQLITE_ROWS) -> ShownPlans:
    """Make the table in memory and ask SQLite for its plan under each index; about 50 ms."""
    from velvet_databases import plan_stage
    from velvet_databases.explain import explain

    found = ShownPlans(rows=rows)
    with closing(sqlite3.connect(":memory:")) as connection:
        plan_stage.fill_sqlite(connection, rows)
        for index, made_by in plan_stage.INDEXES.items():
            plan_stage.use_index(connection, index)
            query = plan_stage.QUERY.format(mark="?")
            found.by_index[index] = Shown(explain(connection, query, (CUSTOMER,)), made_by)
    return found


def tree(plan: Plan) -> list[TreeRow]:
    """Return the steps of a plan from the last to the first, each with its depth."""
    rows = []
    for depth, node in _walk(plan.root, 0):
        if node.kind == "QUERY PLAN":
            continue
        using = f"using {node.index} " if node.index else ""
        on = f"on {node.relation} " if node.relation else ""
        figures = ""
        if node.actual_rows is not None:
            figures = f"{node.actual_rows * node.loops:,.0f} rows, {node.buffers:,} pages"
            if node.removed:
                figures += f", {node.removed * node.loops:,.0f} thrown away"
        share = node.buffers / plan.buffers if plan.buffers else 0.0
        what = f"{using}{on}{node.condition}".replace("::text", "").strip()
        rows.append(TreeRow(depth, node.kind, what, figures, share))
    return rows


def _walk(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
    waiting = [(depth, node)]
    while waiting:
        at, one = waiting.pop()
        yield at, one
        below = at if one.kind == "QUERY PLAN" else at + 1
        waiting.extend((below, child) for child in reversed(one.children))
