"""Six things worth knowing about a plan, and no more: each names its step and its evidence.

A tool that warns about everything is switched off. These six explain most slow queries, can be
judged from counted figures alone, and say nothing about tables too small to matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from velvet_databases.explain import Node, Plan

SCANNED = 10_000  # rows below which reading all of them is what the planner should do
KEPT = 0.1  # the share up to which an index would have spared most of the reading
ESTIMATE_OFF = 10.0
LOOPS = 1_000
SKIPPED = 1_000
_CALL = re.compile(r"\b([a-z_]\w*)\(+([a-z_]\w*)\b")


@dataclass(frozen=True)
class Advice:
    """One finding.

    Attributes:
        rule: ``seq-scan``, ``sort-on-disk``, ``estimate``, ``nested-loop``, ``function`` or
            ``offset``.
        node: the step.
        evidence: the figures, and what helps.
    """

    rule: str
    node: Node
    evidence: str


def advise(plan: Plan, indexed: Mapping[str, Collection[str]] | None = None) -> list[Advice]:
    """Return what the figures of an analysed plan say; nothing where nothing was counted.

    Args:
        plan: of `explain(..., analyze=True)` on PostgreSQL; SQLite counts no rows.
        indexed: columns that an index leads with, by table (`explain.indexed_columns`); without
            it a function on an indexed column is not noticed.
    """
    if not plan.analyzed:
        return []
    found = []
    finished = {id(node) for node in plan.finished()}
    for node in plan.nodes():
        if id(node) in finished:
            found += [Advice("estimate", node, evidence) for evidence in _estimate(node)]
        for rule, judge in _RULES.items():
            found += [Advice(rule, node, evidence) for evidence in judge(node)]
        for evidence in _function(node, indexed or {}):
            found.append(Advice("function", node, evidence))
    return found


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


def _estimate(node: Node) -> Iterator[str]:
    if node.estimate_error > ESTIMATE_OFF and (node.actual_rows or 0) * node.loops > 0:
        yield (
            f"guessed {node.estimated_rows:.0f} rows and found {node.actual_rows:.0f}; "
            "ANALYZE the table, or CREATE STATISTICS for columns that go together"
        )


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
    columns = indexed.get(node.relation or "", ())
    if not node.kind.endswith("Seq Scan"):
        return
    for function, column in _CALL.findall(node.condition):
        if column in columns:
            yield (
                f"{function}({column}) cannot use the index on {column}; "
                f"index the expression {function}({column})"
            )


_RULES: dict[str, Callable[[Node], Iterator[str]]] = {
    "seq-scan": _seq_scan,
    "sort-on-disk": _sort_on_disk,
    "nested-loop": _nested_loop,
    "offset": _offset,
}
