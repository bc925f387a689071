"""Isolation: an anomaly played step by step, with who waits, who goes on, and the verdict."""

from __future__ import annotations

import html
import textwrap

import plotly.graph_objects as go
import streamlit as st
from databases_parts import DATABASES, runner, stored
from databases_session import CHART, Session

from velvet.ui.palette import LINE, STROKES, TEXT, TEXT_SOFT, WHITE, pair, plotly_layout
from velvet_databases.explorer.plays import (
    FAILED,
    RAN,
    SKIPPED,
    WAITED,
    Cell,
    Play,
    PlayedStep,
    Plays,
    read_plays,
    sentence,
)
from velvet_databases.explorer.requests import PlaysRequest

NAMES = {backend: name for name, backend in DATABASES.items()}
ROW_PX, LETTERS = 46, 44
MARKS = {"prevented": ("●", STROKES[3]), "possible": ("✕", STROKES[1]), "": ("·", LINE)}
LOOKS = {
    RAN: (pair(0)[0], pair(0)[1], ""),
    WAITED: (pair(2)[0], pair(2)[1], "/"),
    FAILED: (pair(1)[0], pair(1)[1], "x"),
    SKIPPED: (WHITE, LINE, "."),
}


def draw(state: Session) -> None:
    """Draw the tab."""
    plays = read_plays(state.events("plays", live=False))
    levels = plays.levels()
    first, second = st.columns(2)
    anomaly = first.selectbox(
        "anomaly",
        list(plays.titles),
        index=list(plays.titles).index("P4"),
        format_func=lambda name: f"{name}: {plays.titles[name]}",
        key="databases_anomaly",
    )
    names = [f"{NAMES[backend]}, {level}" for backend, level in levels]
    usual = names.index("PostgreSQL, repeatable read")
    chosen = second.selectbox("database and level", names, index=usual, key="databases_level")
    backend, level = levels[names.index(chosen)]
    cell = Cell(backend, level, anomaly)
    play = plays.plays[cell]
    st.caption(plays.meanings[anomaly])
    left, right = st.columns([1.9, 1])
    with left:
        upto = _player(play)
        figure = lanes(play, upto)
        st.plotly_chart(figure, theme=None, config=CHART, key="databases_lanes")
        st.markdown(sentence(play, upto))
    with right:
        if upto >= len(play.steps):
            _verdict(play, plays.titles[anomaly])
        else:
            st.info("The verdict follows when every step was sent.")
        st.html(grid(plays, cell))
    postgres = backend == "postgresql"
    runner(
        state,
        PlaysRequest(anomaly, postgres=postgres),
        f"Play {anomaly} on {NAMES[backend]}",
        server=postgres,
        about="On real connections, at every level that the database has; a second or two.",
        mine=cell in read_plays(state.own("plays", live=False)).plays,
    )
    stored(("race_strategies",), "isolation")


def _player(play: Play) -> int:
    most = len(play.steps)
    key = "databases_step_" + "_".join(play.cell).replace(" ", "-")
    if key not in st.session_state:
        st.session_state[key] = most

    def move(by: int) -> None:
        st.session_state[key] = min(most, max(0, st.session_state[key] + by))

    row = st.container(horizontal=True, vertical_alignment="bottom")
    row.button("Start", key="databases_first", on_click=move, args=(-most,))
    row.button("Back", key="databases_back", on_click=move, args=(-1,))
    row.button("Next", key="databases_next", on_click=move, args=(1,))
    with row:
        return int(st.slider("steps sent", 0, most, key=key))


def lanes(play: Play, upto: int) -> go.Figure:
    """Draw a lane for each session, time downwards; what waits lasts until it goes on."""
    figure = go.Figure()
    shown = play.shown(upto)
    for kind, (fill, stroke, shape) in LOOKS.items():
        steps = [step for step in shown if step.kind == kind]
        if not steps:
            continue
        ends = [min(step.end, max(upto, step.row + 1)) for step in steps]
        figure.add_bar(
            name=kind,
            x=[step.session for step in steps],
            y=[end - step.row - 0.08 for step, end in zip(steps, ends, strict=True)],
            base=[step.row + 0.04 for step in steps],
            width=0.94,
            marker={
                "color": fill,
                "line": {"color": stroke, "width": 1.4},
                "pattern": {"shape": shape, "fgcolor": stroke, "size": 9, "solidity": 0.12},
            },
            hovertext=[f"{one.sql}<br>{one.outcome} ({one.took_ms:.1f} ms)" for one in steps],
            hovertemplate="%{hovertext}<extra>%{x}</extra>",
        )
    for step in shown:
        _label(figure, step, upto)
        _arrow(figure, play, step, upto)
    plotly_layout(figure, height=90 + ROW_PX * len(play.steps))
    figure.update_layout(barmode="overlay", bargap=0.04)
    figure.update_xaxes(
        type="category",
        categoryorder="array",
        categoryarray=play.sessions,
        range=[-0.5, len(play.sessions) - 0.5],
        side="bottom",
    )
    figure.update_yaxes(
        range=[len(play.steps), 0],
        tickvals=[row + 0.5 for row in range(len(play.steps))],
        ticktext=[str(row + 1) for row in range(len(play.steps))],
        title="step",
        showgrid=False,
    )
    return figure


def _arrow(figure: go.Figure, play: Play, step: PlayedStep, upto: int) -> None:
    """Point from the step that let a waiting one go on to where it went on."""
    if not step.blocked_by or step.end > upto:
        return
    causes = [
        one
        for one in play.steps
        if one.session != step.session
        and one.row < step.end
        and step.released_by.startswith(f"{one.session}:")
        and step.released_by.endswith((one.sql, one.sqlstate or one.sql))
    ]
    if not causes:
        return
    cause, names = causes[-1], play.sessions
    start, end = names.index(cause.session), names.index(step.session)
    side = 0.47 if end > start else -0.47
    figure.add_annotation(
        x=end - side,
        y=step.end - 0.2,
        ax=start + side,
        ay=cause.row + 0.5,
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        text="",
        showarrow=True,
        arrowhead=2,
        arrowwidth=2,
        arrowcolor=STROKES[0],
    )


def _label(figure: go.Figure, step: PlayedStep, upto: int) -> None:
    ended = step.end <= upto or not step.blocked_by
    lines = textwrap.wrap(step.sql, LETTERS)
    outcome = step.outcome if ended else f"waits for {' and '.join(step.blocked_by)}"
    if step.blocked_by and ended:
        outcome = f"waited for {' and '.join(step.blocked_by)}, until {step.released_by}: {outcome}"
    text = "<br>".join(html.escape(line) for line in lines)
    soft = html.escape(textwrap.shorten(outcome, 2 * LETTERS, placeholder=" …"))
    end = min(step.end, max(upto, step.row + 1))
    figure.add_annotation(
        x=step.session,
        y=(step.row + end) / 2,
        text=(
            f"<b>{text}</b><br><i>{'<br>'.join(textwrap.wrap(soft, LETTERS + 8))}</i>"
            if step.blocked_by or step.sqlstate
            else f"<b>{text}</b>  <i>{soft}</i>"
        ),
        showarrow=False,
        font={"size": 11.5, "color": TEXT},
        bgcolor="rgba(255,255,255,0.86)",
        borderpad=2,
    )


def _verdict(play: Play, title: str) -> None:
    mark, colour = MARKS[play.verdict]
    stored_rows = "; ".join(f"shelf {row[0]}: {row[1]}" for row in play.final)
    st.html(
        f"<div class='velvet-claim' style='border-left-color:{colour}'>"
        f"<b style='color:{colour}'>{mark} {play.verdict}</b> {html.escape(title)} at "
        f"{html.escape(play.cell.level.upper())}<div class='velvet-soft'>stored afterwards: "
        f"{html.escape(stored_rows)}</div></div>"
    )


def grid(plays: Plays, here: Cell) -> str:
    """Return the table of all verdicts as HTML, the chosen cell framed."""
    levels = plays.levels()
    heads = "".join(
        f"<th style='font-weight:400;padding:2px 5px'>{html.escape(NAMES[backend])}<br>"
        f"{'<br>'.join(html.escape(level).split())}</th>"
        for backend, level in levels
    )
    rows = []
    for name in plays.titles:
        cells = []
        for backend, level in levels:
            verdict = plays.verdict(backend, level, name)
            mark, colour = MARKS[verdict]
            frame = f"outline:2px solid {STROKES[0]}" if Cell(backend, level, name) == here else ""
            cells.append(
                f"<td title='{verdict or 'not played'}' style='text-align:center;color:{colour};"
                f"font-weight:700;{frame}'>{mark}</td>"
            )
        rows.append(
            f"<tr><td style='padding-right:8px' title='{html.escape(plays.titles[name])}'>"
            f"{html.escape(name)}</td>{''.join(cells)}</tr>"
        )
    return (
        f"<table style='font-size:0.84rem;border-collapse:collapse;width:100%;color:{TEXT}'>"
        f"<tr><th></th>{heads}</tr>{''.join(rows)}</table>"
        f"<p class='velvet-soft' style='color:{TEXT_SOFT}'><b style='color:{STROKES[3]}'>●</b> "
        f"prevented, <b style='color:{STROKES[1]}'>✕</b> possible; each cell was played.</p>"
    )
