"""What a change costs: counted by a program, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, value
from velvet_architecture.lab import evolution

CHANGES = [f"c0{number}" for number in range(1, 9)]


def _change(architecture: str, change: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        one = evolution.cost(architecture, int(change[1:]))
        return {
            "lines": one.lines_added + one.changed_in_old,
            "files": one.files_touched,
            "rewritten": one.changed_in_old,
            "broken": one.own_tests_broken,
            "tests": one.test_lines,
            "layers": len(one.layers),
            "accepted": f"{one.acceptance_passed} of {one.acceptance_total}",
            "old_data": "opens" if one.old_data_opens else "lost",
            "past": "known" if one.history_answer else "unknown",
        }

    return run


def _totals(architecture: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        steps = evolution.measure(architecture)
        first = evolution.files_at(architecture, 0)
        code = {name: text for name, text in first.items() if not name.startswith("test_")}
        return {
            "lines": sum(one.lines_added + one.changed_in_old for one in steps),
            "rewritten": sum(one.changed_in_old for one in steps),
            "files": sum(one.files_touched for one in steps),
            "broken": sum(one.own_tests_broken for one in steps),
            "at_first": sum(len(evolution.code_lines(text)) for text in code.values()),
            "opens": sum(one.old_data_opens for one in steps),
            "past": "known" if steps[-1].history_answer else "unknown",
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    label = Metric("label")
    change = suite.comparison(
        "change",
        title="One change in three architectures: lines added, removed or replaced",
        kind="value",
        unit="lines",
        sizes={"change": CHANGES},
        quick=lambda change: change in ("c03", "c07", "c08"),
        metrics={
            "lines": "lines",
            "files": "files",
            "rewritten": "lines",
            "broken": "tests",
            "tests": "lines",
            "layers": "layers",
            "accepted": label,
            "old_data": label,
            "past": label,
        },
    )
    for name in evolution.ARCHITECTURES:
        change.add(name, partial(_change, name))

    totals = suite.comparison(
        "all_changes",
        title="All eight changes together",
        kind="value",
        unit="lines",
        metrics={
            "lines": "lines",
            "rewritten": "lines",
            "files": "files",
            "broken": "tests",
            "at_first": "lines",
            "opens": Metric("changes", "higher"),
            "past": label,
        },
    )
    for name in evolution.ARCHITECTURES:
        totals.add(name, partial(_totals, name))

    suite.claim(
        "a currency touches more files with layers than without",
        value("change", "hexagonal", "files", change="c03").equals(4)
        & value("change", "naive", "files", change="c03").equals(1),
    )
    suite.claim(
        "another store rewrites the script and leaves the layered code alone",
        (value("change", "naive", "rewritten", change="c07") >= 40)
        & (value("change", "hexagonal", "rewritten", change="c07") <= 5)
        & (value("change", "eventsourced", "rewritten", change="c07") <= 5),
    )
    for name in evolution.ARCHITECTURES:
        suite.claim(
            f"{name}: each version opens the data of the one before",
            value("all_changes", name, "opens").equals(8),
        )
