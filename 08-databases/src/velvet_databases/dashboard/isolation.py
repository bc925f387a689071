"""The tab that plays an anomaly step by step: which session waits, which goes on, and the verdict.

Real seconds would draw nine steps as hairlines and one wait as all of the picture. So a moment here
is "the n-th step is sent": what did not wait takes one row, what waited lasts until the row of the
step that let it go on.
"""

from __future__ import annotations

import html
import textwrap
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.chart import html as draw_html
from velvet.ui.palette import LINE, STROKES, TEXT, WHITE, pair, plotly_layout
from velvet_databases.anomalies import verdict
from velvet_databases.dashboard import tasks
from velvet_databases.dashboard._parts import no_server

ROW_PX, LETTERS = 60, 23
RAN, WAITED, FAILED, SKIPPED = "ran", "waited", "given up", "not sent"
LOOKS = {
    RAN: (pair(0)[0], pair(0)[1], ""),
    WAITED: (pair(2)[0], pair(2)[1], "/"),
    FAILED: (pair(1)[0], pair(1)[1], "x"),
    SKIPPED: (WHITE, LINE, "."),
}
MARKS = {"prevented": ("●", STROKES[3]), "possible": ("✕", STROKES[1])}
Step = dict[str, Any]


def played(steps: list[Step]) -> list[Step]:
    """Return the steps in the order of their starts, each with its row, its end and its kind."""
    # A step that was held back starts when its session is free again, so rows follow the clock.
    order = sorted(steps, key=lambda step: float(step["started_s"]))
    found = []
    for row, step in enumerate(order):
        later = sum(other["started_s"] < step["finished_s"] for other in steps)
        kind = WAITED if step["blocked_by"] else RAN
        kind = SKIPPED if step["skipped"] else FAILED if step["sqlstate"] else kind
        end = max(row + 1, later) if step["blocked_by"] else row + 1
        found.append({**step, "row": row, "end": end, "kind": kind, "outcome": outcome(step)})
    return found


def outcome(step: Step) -> str:
    """Return what came back from a step, in a few words."""
    if step["skipped"]:
        return "not sent: its transaction had failed"
    if step["sqlstate"]:
        return f"{step['sqlstate']}: {step['error']}"
    if step["rows"] is None:
        return f"{step['rowcount']} changed" if step["rowcount"] else "done"
    return "; ".join(", ".join(map(str, row)) for row in step["rows"]) or "no row"


def lanes(steps: list[Step], upto: int) -> go.Figure:
    """Return a lane for each session, time downwards; what waits lasts until it goes on."""
    figure = go.Figure()
    shown = [step for step in steps if step["row"] < upto]
    for kind, (fill, stroke, shape) in LOOKS.items():
        own = [step for step in shown if step["kind"] == kind]
        if not own:
            continue
        ends = [min(step["end"], max(upto, step["row"] + 1)) for step in own]
        figure.add_bar(
            name=kind,
            x=[step["session"] for step in own],
            y=[end - step["row"] - 0.08 for step, end in zip(own, ends, strict=True)],
            base=[step["row"] + 0.04 for step in own],
            width=0.94,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.4},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 9, "solidity": 0.12},
            },
            hovertext=[f"{one['sql']}<br>{one['outcome']}" for one in own],
            hovertemplate="%{hovertext}<extra>%{x}</extra>",
        )
    for step in shown:
        _label(figure, step, upto)
    title = "What each session sends, in the order of sending"
    plotly_layout(figure, title=title, height=90 + ROW_PX * len(steps))
    sessions = sorted({step["session"] for step in steps})
    figure.update_layout(barmode="overlay", bargap=0.04)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=sessions,
        range=[-0.5, len(sessions) - 0.5],
    )
    rows = list(range(len(steps)))
    figure.update_yaxes(
        range=[len(steps), 0],
        tickvals=[row + 0.5 for row in rows],
        ticktext=[str(row + 1) for row in rows],
        title="step",
        showgrid=False,
    )
    return figure


def _label(figure: go.Figure, step: Step, upto: int) -> None:
    words, blockers = step["outcome"], " and ".join(step["blocked_by"])
    if blockers:
        words = f"waited for {blockers}" if step["end"] <= upto else f"waits for {blockers}"
    sql = "<br>".join(html.escape(line) for line in textwrap.wrap(step["sql"], LETTERS))
    soft = html.escape(textwrap.shorten(words, LETTERS + 3, placeholder=" …"))
    end = min(step["end"], max(upto, step["row"] + 1))
    figure.add_annotation(
        x=step["session"],
        y=(step["row"] + end) / 2,
        text=f"<b>{sql}</b><br><i>{soft}</i>",
        showarrow=False,
        font={"size": 11, "color": TEXT},
        bgcolor=WHITE,
        opacity=0.92,
        borderpad=1,
    )


def sentence(steps: list[Step], upto: int) -> str:
    """Return what happened with the last step that was sent."""
    if upto < 1:
        return "Every session has begun its transaction; nothing was sent yet."
    step = steps[upto - 1]
    if step["skipped"]:
        return f"{step['session']} would send `{step['sql']}`, but its transaction has failed."
    text = f"Step {upto} of {len(steps)}: {step['session']} sends `{step['sql']}`"
    if step["blocked_by"]:
        text += f" and waits for {' and '.join(step['blocked_by'])}"
        if step["end"] > upto:
            return text + "."
        text += f" until {step['released_by']}"
    return f"{text}: {step['outcome']}."


def grid(plays: list[dict[str, Any]], here: dict[str, Any]) -> str:
    """Return the table of all verdicts as HTML, the chosen cell framed."""
    wheres = list(dict.fromkeys(play["where"] for play in plays))
    names = {play["anomaly"]: (play["title"], play["meaning"]) for play in plays}
    verdicts = {(play["anomaly"], play["where"]): play["verdict"] for play in plays}
    heads = "".join(
        f"<th style='font-weight:400;padding:2px 5px'>{html.escape(where)}</th>" for where in wheres
    )
    rows = []
    for name, (title, meaning) in names.items():
        cells = []
        for where in wheres:
            mark, colour = MARKS.get(verdicts.get((name, where), ""), ("·", LINE))
            chosen = (name, where) == (here["anomaly"], here["where"])
            frame = f"outline:2px solid {STROKES[0]}" if chosen else ""
            cells.append(
                f"<td style='text-align:center;color:{colour};font-weight:700;{frame}'>{mark}</td>"
            )
        rows.append(
            f"<tr title='{html.escape(meaning)}'>"
            f"<td style='padding-right:8px'>{html.escape(name)}: {html.escape(title)}</td>"
            f"{''.join(cells)}</tr>"
        )
    legend = f"<b style='color:{STROKES[3]}'>●</b> prevented, "
    legend += f"<b style='color:{STROKES[1]}'>✕</b> possible; each cell was played."
    return (
        "<div class='velvet-figure' style='overflow-x:auto'>"
        f"<table style='font-size:0.84rem;border-collapse:collapse;color:{TEXT}'>"
        f"<tr><th></th>{heads}</tr>{''.join(rows)}</table><p>{legend}</p></div>"
    )


def draw(seen: kit.Seen) -> None:
    """Draw the choices, the lanes up to a step, the verdict, and all verdicts."""
    plays = seen.of("play")
    if not plays:
        return
    names = {f"{play['anomaly']}: {play['title']}": play["anomaly"] for play in plays}
    wheres = list(dict.fromkeys(play["where"] for play in plays))
    lost = next((words for words, name in names.items() if name == "P4"), None)
    anomaly = names[kit.choice("Anomaly", list(names), lost)]
    usual = "PostgreSQL, repeatable read"
    where = kit.choice(
        "Database and level", wheres, usual if usual in wheres else None, key="level"
    )
    play = next((p for p in plays if (p["anomaly"], p["where"]) == (anomaly, where)), plays[-1])
    st.markdown(f"**{play['anomaly']}, {play['title']}**: {play['meaning']}")
    steps = played(play["steps"])
    # The key is the play's own, because another play has another number of steps.
    place = f"step-{anomaly}-{where}".lower().replace(" ", "-").replace(",", "")
    upto = int(kit.slider("Steps sent", 0, len(steps), len(steps), key=place))
    seen.chart(lanes(steps, upto), key="lanes")
    st.markdown(sentence(steps, upto))
    if upto == len(steps):
        mark, _ = MARKS[play["verdict"]]
        kept = "; ".join(f"shelf {row[0]}: {row[1]}" for row in play["final"])
        st.markdown(f"**{mark} {play['verdict']}** at {where}. Stored afterwards: {kept}.")
    draw_html(grid(plays, play))


def finding(seen: kit.Seen) -> str:
    """Count what each level of PostgreSQL prevents."""
    prevented: dict[str, int] = {}
    plays = [play for play in seen.of("play") if play["where"].startswith("PostgreSQL")]
    for play in plays:
        level = play["where"].partition(", ")[2]
        prevented[level] = prevented.get(level, 0) + (play["verdict"] == "prevented")
    total = len({play["anomaly"] for play in plays})
    if len(prevented) < 3 or len(plays) < total * len(prevented):
        return ""
    words = ", ".join(f"{level} **{count}**" for level, count in prevented.items())
    return f"Of {total} anomalies PostgreSQL prevents at {words}."


TAB = kit.Tab(
    "Isolation",
    question="Which anomaly does each isolation level let through?",
    tip="Move the steps one by one and see which session waits, and for whom.",
    job=kit.Job(tasks.plays, label="Play all", recorded="plays.jsonl", problem=no_server),
    draw=draw,
    finding=finding,
    code=(verdict,),
    command="velvet run 08 anomaly_matrix",
    next_step="Pool",
)
