"""The tab that shows what a library makes of every input at every type."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, WHITE
from velvet_validation.coercion import Cell, Kind, column, is_lossy, surprises
from velvet_validation.contender import Mode
from velvet_validation.contenders import contender, installed
from velvet_validation.dashboard import heat
from velvet_validation.samples.values import INPUTS, TARGETS

MARKS = {
    Kind.SAME.value: (FILLS[3], ""),
    Kind.CONVERTED.value: (FILLS[2], "c"),
    Kind.LOSSY.value: (FILLS[1], "L"),
    Kind.REJECTED.value: (LAVENDER_SOFT, ""),
    Kind.CRASHED.value: (FILLS[0], "!"),
    Kind.ABSENT.value: (WHITE, ""),
}
# A few inputs are told by name, because their own text would be too long or not visible.
_NAMES = {
    "9007199254740993": "2**53 + 1",
    "1180591620717411303424": "2**70",
    "'\uff11'": "'\uff11' full width",
    "'12345678-1234-5678-1234-567812345678'": "'12345678-...'",
    "'2026-02-03T04:05:06+00:00'": "'...T04:05:06+00:00'",
    "'2026-02-03T04:05:06'": "'...T04:05:06'",
    "datetime(2026, 2, 3, 4, 5, 6)": "datetime(...)",
    "date(2026, 2, 3)": "date(...)",
}


def controls() -> dict[str, Any]:
    """Ask for the library and the mode."""
    names = [name for name in installed() if name != "nothing"]
    labels = {contender(name).label: name for name in names}
    label = kit.choice("Library", list(labels), "pydantic")
    return {"name": labels[label], "mode": kit.choice("Mode", ["default", "strict"])}


@lru_cache(maxsize=64)
def grid(name: str, mode: Mode) -> dict[str, list[Cell]]:
    """Return every input at every type of one library; cells of types it lacks are absent."""
    return {target: column(contender(name), target, mode) for target in TARGETS}


def input_name(given: Any) -> str:
    """Return an input as it is written in Python, short enough for an axis."""
    written = repr(given).replace("datetime.", "")
    return _NAMES.get(written, written)


def figure_of(cells: dict[str, list[Cell]], label: str, mode: str) -> go.Figure:
    """Return the heat grid."""
    rows = list(zip(*cells.values(), strict=True))
    kinds = [[cell.kind.value for cell in row] for row in rows]
    told = [[_told(cell) for cell in row] for row in rows]
    title = f"{label}, {mode}: what becomes of an input (down) at a type (across)"
    names = [f"{input_name(given)} " for given in INPUTS]
    return heat.grid(title, list(TARGETS), names, kinds, told, MARKS)


def _told(cell: Cell) -> str:
    if cell.kind in (Kind.REJECTED, Kind.CRASHED):
        return f"{cell.kind.value}: {type(cell.value).__name__}"
    return cell.kind.value if cell.kind is Kind.ABSENT else f"{cell.kind.value}: {cell.value!r}"


def _cells(seen: kit.Seen) -> dict[str, list[Cell]]:
    return grid(seen.options["name"], cast(Mode, seen.options["mode"]))


def draw(seen: kit.Seen) -> None:
    """Draw the grid of the chosen library."""
    label = contender(seen.options["name"]).label
    seen.chart(figure_of(_cells(seen), label, seen.options["mode"]), key="grid")


def finding(seen: kit.Seen) -> str:
    """Say how many conversions lose information, with two of them."""
    mode = cast(Mode, seen.options["mode"])
    found = surprises(contender(seen.options["name"]), mode)
    if not found:
        return f"No conversion loses information in {seen.options['mode']} mode."
    shown = [f"`{given!r}` as {target} becomes `{got!r}`" for target, given, got in found]
    some = "; ".join(shown[:: max(1, len(shown) // 2)][:2])
    return f"**{len(found)} conversions lose information** without an error: {some}."


TAB = kit.Tab(
    "Coercions",
    question="What does my library make of a value of the wrong type?",
    tip="Red cells lost information; point at one to see the value, then switch to strict.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(is_lossy,),
    command="velvet run 17 coercion_table",
    next_step="Speed",
)
