"""The parts of the core at sizes: charts, undo, pages; and how long the views are."""

from __future__ import annotations

import ast
import io
import tempfile
import tokenize
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from velvet.bench import Metric, Suite, across, growth, value
from velvet_desktop import contenders
from velvet_desktop.comparisons.windows import board_of
from velvet_desktop.core import chart
from velvet_desktop.core.model import Query, TaskStore
from velvet_desktop.core.undo import Command, UndoStack

KEPT = 1_000
BOARD = 200_000
PAGE = 128


def _thin(name: str, points: int) -> Callable[[], int]:
    x, y, _ = chart.spiky(points)
    method = chart.METHODS[name]
    return lambda: len(method(x, y, KEPT)[0])


def _kept(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        x, y, place = chart.spiky(100_000)
        kept = chart.METHODS[name](x, y, KEPT)
        spike = "kept" if y[place] in kept[1] else "lost"
        return {"error": chart.error(x, y, kept) * 100, "points": len(kept[0]), "spike": spike}

    return run


def _undo(redo: bool, steps: int) -> Callable[[], int]:
    stack, state = UndoStack(limit=steps + 10), [0]
    command = Command("step", lambda: state.append(1), state.pop)
    for _ in range(steps):
        stack.push(command)

    def back_and_forth() -> int:
        stack.undo()
        stack.redo()
        return len(stack)

    def push() -> int:
        stack.push(command)
        stack.undo()
        return len(stack)

    return back_and_forth if redo else push


def _page(known: bool, rows: int) -> Iterator[Callable[[], int]]:
    with tempfile.TemporaryDirectory() as folder:
        board_of(Path(folder), rows)
        store = TaskStore(Path(folder) / "board.db")
        start, query = rows - 2 * PAGE, Query(sort="title")
        store.page(query, start - PAGE, start)

        def run() -> int:
            if not known:
                store.forget()
            return len(store.page(query, start, start + PAGE))

        yield run
        store.close()


def code_lines(path: Path) -> tuple[int, int]:
    """Return the lines of code of a file, without imports, docstrings and comments; its branches."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in quiet | {tokenize.ENDMARKER}:
            lines |= set(range(token.start[0], token.end[0] + 1))
    branches = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            lines -= set(range(node.lineno, (node.end_lineno or 0) + 1))
        elif isinstance(node, ast.If | ast.IfExp | ast.While | ast.For | ast.comprehension):
            branches += 1
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            lines -= set(range(first.lineno, (first.end_lineno or 0) + 1))
    return len(lines), branches


def _size(name: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        lines, branches = code_lines(Path(str(contenders.load(name).__file__)))  # type: ignore[attr-defined]
        return {"lines": lines, "branches": branches}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    thin = suite.comparison(
        "chart",
        title=f"A line thinned out to {KEPT:,} points",
        unit="us",
        sizes={"points": [10_000, 1_000_000]},
        quick=lambda points: points == 10_000,
    )
    kept = suite.comparison(
        "chart_kept",
        title=f"What is left of 100,000 points with one spike after thinning out to {KEPT:,}",
        kind="value",
        unit="%",
        metrics={"error": Metric("%"), "points": Metric("points"), "spike": Metric("label")},
    )
    for name in chart.METHODS:
        thin.add(name, partial(_thin, name), baseline=name == "lttb")
        kept.add(name, partial(_kept, name), baseline=name == "lttb")
    thin.check(lambda points: abs(points - KEPT) <= 2)

    undo = suite.comparison(
        "undo",
        title="A step of undo, when so many are remembered already",
        unit="us",
        sizes={"steps": [1_000, 100_000]},
    )
    undo.add("push", partial(_undo, False), baseline=True)
    undo.add("undo_redo", partial(_undo, True))
    undo.same_result()

    pages = suite.comparison(
        "page",
        title=f"A page of {PAGE} tasks near the end of a sorted board",
        unit="us",
        sizes={"rows": [10_000, BOARD]},
        quick=lambda rows: rows == 10_000,
    )
    pages.add("offset", partial(_page, False), baseline=True)
    pages.add("known_key", partial(_page, True))
    pages.same_result()

    views = suite.comparison(
        "view_size",
        title="A view: lines of code without imports, comments and docstrings",
        kind="value",
        unit="lines",
        metrics={"lines": "lines", "branches": "branches"},
    )
    for name in (*contenders.FOUR, "customtkinter", "headless"):
        views.add(name, partial(_size, name), baseline=name == "tk")

    _claims(suite)


def _claims(suite: Suite) -> None:
    suite.claim(
        "a step of undo costs the same at 100,000 steps: growth under 0.3",
        growth("undo", "push", over="steps") <= 0.3,
    )
    suite.claim(
        "a page after a known key costs at most 3x as much at 200,000 rows as at 10,000",
        across("page", "known_key", first={"rows": BOARD}, second={"rows": 10_000}) <= 3,
        tier="default",
    )
    suite.claim(
        "a page found by OFFSET costs at least 3x as much at 200,000 rows as at 10,000",
        across("page", "offset", first={"rows": BOARD}, second={"rows": 10_000}) >= 3,
        tier="default",
    )
    for name in contenders.FOUR:
        suite.claim(
            f"the view of {name} has at most 140 lines",
            value("view_size", name, "lines") <= 140,
        )
