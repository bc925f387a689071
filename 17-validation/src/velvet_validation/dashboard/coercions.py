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
    return written if len(written) < 20 else f"{written[:7]}\u2026{written[-10:]}"


def figure_of(cells: dict[str, list[Cell]], label: str, mode: str) -> go.Figure:
    """Return the heat grid."""
    rows = list(zip(*cells.values(), strict=True))
    kinds = [[cell.kind.value for cell in row] for row in rows]
    hover = [[_described(cell) for cell in row] for row in rows]
    title = f"{label}, {mode}: what becomes of an input (down) at a type (across)"
    names = [f"{input_name(given)} " for given in INPUTS]
    return heat.grid(title, list(TARGETS), names, kinds, hover, MARKS)


def _described(cell: Cell) -> str:
    if cell.kind in (Kind.REJECTED, Kind.CRASHED):
        return f"{cell.kind.value}: {type(cell.value).__name__}"
    return cell.kind.value if cell.kind is Kind.ABSENT else f"{cell.kind.value}: {cell.value!r}"


def draw(seen: kit.Seen) -> None:
    """Draw the grid of the chosen library."""
    name, mode = seen.options["name"], cast(Mode, seen.options["mode"])
    seen.chart(figure_of(grid(name, mode), contender(name).label, mode), key="grid")


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
    tip="Red cells lost information; point at one to see the value, then switch to strict "
    "(msgspec comes strict: its default here is strict=False, on request).",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(is_lossy,),
    command="velvet run 17 coercion_table",
    next_step="Speed",
)
