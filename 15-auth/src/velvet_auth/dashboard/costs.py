"""What one password hash costs the service, and what all of them cost a thief."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from velvet.ui import kit
from velvet.ui.palette import FILLS, STROKES, plotly_layout
from velvet_auth import passwords
from velvet_auth.dashboard import tasks

CORES = 1000
DAY_S = 86_400
UNITS = ((365 * DAY_S, "years"), (DAY_S, "days"), (3600, "hours"), (60, "minutes"), (0, "seconds"))


def controls() -> dict[str, Any]:
    """Ask for the parameters."""
    return {
        "mib": kit.slider("argon2id memory, MiB", 7, 128, 19),
        "passes": kit.slider("argon2id passes", 1, tasks.MAX_PASSES, 2),
        "cost": kit.slider("bcrypt cost", 8, 13, 12),
    }


def spelled(seconds: float) -> str:
    """Return a time in the largest unit that fits."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    return f"{seconds / max(size, 1):,.0f} {unit}"


def figure_of(hashes: list[dict[str, Any]]) -> go.Figure:
    """Return guesses per second and core, on a log axis."""
    figure = go.Figure(
        go.Bar(
            x=[1000 / one["ms"] for one in hashes],
            y=[one["name"] for one in hashes],
            orientation="h",
            text=[f"{one['ms']:.3g} ms, {one['mib']:.3g} MiB" for one in hashes],
            textposition="auto",
            marker={"color": FILLS[0], "line": {"color": STROKES[0], "width": 1.5}},
        )
    )
    plotly_layout(figure, title="Guesses per second and core of a thief", height=340)
    figure.update_xaxes(type="log", title="guesses per second", dtick=1)
    figure.update_yaxes(autorange="reversed")
    return figure


def draw(seen: kit.Seen) -> None:
    """Draw the bars, then how long passwords of some strengths last."""
    hashes = seen.of("hash")
    if not hashes:
        return
    seen.chart(figure_of(hashes), key="guesses")
    bits = kit.slider("Strength of the password, bits", 20, 60, 40, key="bits")
    rows = [
        {
            "scheme": one["name"],
            f"half of 2^{bits} guesses on {CORES:,} cores": spelled(
                2 ** (bits - 1) * one["ms"] / 1000 / CORES
            ),
        }
        for one in hashes
    ]
    seen.table(rows)


def finding(seen: kit.Seen) -> str:
    """Compare argon2id with the salted SHA-256."""
    ms = {one["name"]: one["ms"] for one in seen.of("hash")}
    if not {"argon2id", "salted_sha256"} <= set(ms):
        return ""
    return (
        f"One argon2id takes **{ms['argon2id']:.0f} ms**; in that time a thief tries "
        f"**{ms['argon2id'] / ms['salted_sha256']:,.0f}** passwords against salted SHA-256."
    )


TAB = kit.Tab(
    "Password cost",
    question="What does a hash cost me, and what does it cost a thief?",
    tip="Double the memory, then the passes: which of the two costs a thief more?",
    job=kit.Job(tasks.hashes, recorded="hashes.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(passwords.calibrate,),
    command="velvet bench 15 --filter password_hashing",
    next_step="OAuth sequence",
)
