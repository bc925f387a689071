"""The tab that draws the bytes of an array and the rule by which an expression reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, LAVENDER_SOFT, LINE, TEXT, plotly_layout
from velvet_numerical import layout

ROWS, COLUMNS = 4, 6
BASE = np.arange(ROWS * COLUMNS, dtype=np.float64).reshape(ROWS, COLUMNS).copy()
EXPRESSIONS: dict[str, Any] = {
    "a": BASE,
    "a.T": BASE.T,
    "a[1]": BASE[1],
    "a[:, 2]": BASE[:, 2],
    "a[1:3, 1:5]": BASE[1:3, 1:5],
    "a[::2, ::3]": BASE[::2, ::3],
    "a[::-1]": BASE[::-1],
    "a.reshape(8, 3)[2]": BASE.reshape(8, 3)[2],
    "a.diagonal()": BASE.diagonal(),
    "np.broadcast_to(a[0], (3, 6))": np.broadcast_to(BASE[0], (3, 6)),
    "sliding windows of a[0]": layout.sliding_windows(BASE[0], 3),
    "a[[0, 2]]": BASE[[0, 2]],
    "a[a > 15]": BASE[BASE > 15],
    "a.T.reshape(24)": BASE.T.reshape(24),
}


def controls() -> dict[str, Any]:
    """Ask for the expression."""
    return {"expression": kit.choice("Expression", list(EXPRESSIONS), "a[::2, ::3]")}


def order_of(result: Any) -> dict[int, list[int]]:
    """Return at which steps of a walk over the result each element of the base is read."""
    start = BASE.__array_interface__["data"][0]
    steps: dict[int, list[int]] = {}
    for step, index in enumerate(np.ndindex(result.shape)):
        place = (layout.address_of(result, index) - start) // BASE.itemsize
        steps.setdefault(place, []).append(step)
    return steps


def figure_of(name: str, result: Any) -> go.Figure:
    """Return the memory as one row of cells for each row of `a`; read cells carry their step."""
    view = layout.is_view_of(result, BASE)
    steps = order_of(result) if view else {}
    cells = [range(COLUMNS * row, COLUMNS * (row + 1)) for row in range(ROWS)]
    read = [[float(place in steps) for place in row] for row in cells]
    words = [[",".join(map(str, steps.get(place, [])[:3])) for place in row] for row in cells]
    told = [[f"byte {8 * place}, value {place}" for place in row] for row in cells]
    figure = go.Figure(
        go.Heatmap(
            z=read,
            text=words,
            customdata=told,
            texttemplate="%{text}",
            textfont={"color": TEXT, "size": 15},
            hovertemplate="%{customdata}<br>read at step %{text}<extra></extra>",
            colorscale=[(0, LAVENDER_SOFT), (0.5, LAVENDER_SOFT), (0.5, FILLS[3]), (1, FILLS[3])],
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    title = f"{name}: the order in which it reads the bytes of a"
    plotly_layout(figure, title=title if view else f"{name}: a copy, no byte of a", height=300)
    figure.update_xaxes(
        tickvals=list(range(COLUMNS)), ticktext=[f"+{8 * k}" for k in range(COLUMNS)], ticks=""
    )
    figure.update_yaxes(
        tickvals=list(range(ROWS)),
        ticktext=[f"byte {8 * COLUMNS * k} " for k in range(ROWS)],
        autorange="reversed",
        ticks="",
        linecolor=LINE,
    )
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bytes, then the layout as a table."""
    name = seen.options["expression"]
    result = EXPRESSIONS[name]
    seen.chart(figure_of(name, result), key="bytes")
    seen.table(
        [
            {
                "array": title,
                "shape": str(one.shape),
                "strides": str(one.strides),
                "order": one.order,
                "gap-free runs": one.contiguous_runs,
                "bytes spanned": one.bytes_span,
                "owns its data": "yes" if one.owns_data else "no",
                "writeable": "yes" if one.writeable else "no",
            }
            for title, one in (("a", layout.describe(BASE)), (name, layout.describe(result)))
        ]
    )


def finding(seen: kit.Seen) -> str:
    """Say whether it is a view, and by which strides."""
    name = seen.options["expression"]
    result = EXPRESSIONS[name]
    if not layout.is_view_of(result, BASE):
        return f"`{name}` is a **copy**: no strides describe that order of a's bytes."
    strides = result.strides
    zero = " A stride of 0 reads the same bytes again." if 0 in strides else ""
    return f"`{name}` is a **view**: the same bytes, read by strides of {strides} bytes.{zero}"


TAB = kit.Tab(
    "Array X-ray",
    question="Which bytes does an expression read, and does it copy them?",
    tip="Take a.T, then a.T.reshape(24): why must the second one copy?",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(layout.address_of,),
    command="velvet run 11 anatomy",
    next_step="Roofline",
)
