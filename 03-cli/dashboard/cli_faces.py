"""Four faces: one command line, understood and answered by every front end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from cli_session import Session, controls, live

from velvet_cli.explorer.faces import CAP_S, words_of

TASK = "faces"
USUAL = 'tasks add "call home" --priority 9'
TRY = (
    USUAL,
    "tasks lst",
    "tasks list --form json",
    "tasks done -5",
    "tasks list --format csv",
    "tasks --help",
)


def draw(state: Session) -> None:
    """Draw the tab."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    line = left.text_input(
        "command line",
        value=USUAL,
        key="cli_line",
        help="Quoted as in a shell; it runs in an empty folder with two tasks, and names no paths.",
    )
    form = right.segmented_control(
        "form", ("raw", "hardened"), default="raw", key="cli_form", help="Hardened: with our runner"
    )
    st.caption("Try: " + " · ".join(f"`{one}`" for one in TRY[1:]))
    problem = _problem(line)
    controls(
        state,
        TASK,
        "Run all four",
        lambda: state.start(TASK, cap_s=8 * CAP_S, line=line, hardened=form == "hardened"),
        problem=problem,
        hint=f"Each in a process of its own, ended after {CAP_S:g} s",
    )
    live(state, TASK, lambda: _faces(state))


def _problem(line: str) -> str:
    try:
        words_of(line)
    except ValueError as error:
        return str(error)
    return ""


def _faces(state: Session) -> None:
    events = [event for event in state.events(TASK) if event["type"] == "face"]
    if not events:
        st.caption("The first answer arrives in a moment.")
    for at in range(0, len(events), 2):
        for column, event in zip(st.columns(2), events[at : at + 2]):  # noqa: B905 - a last odd one
            with column.container(border=True):
                _face(event)


def _face(event: Mapping[str, Any]) -> None:
    code = "ended" if event["exit"] is None else f"exit {event['exit']}"
    st.markdown(f"**{event['name']}** &nbsp; {code} &nbsp; {event['cpu_ms']:.0f} ms of CPU")
    if event["refused"]:
        st.caption(f"understood nothing: {event['refused']}")
    else:
        typed = ", ".join(f"{name} = {value!r}" for name, value in event["values"].items())
        st.caption(f"understood `{event['command']}` with {typed or 'no values'}")
    for name, text in (("stdout", event["out"]), ("stderr", event["err"])):
        if text.strip():
            st.caption(name)
            tall = text.count("\n") > 7
            st.code(
                text.rstrip("\n"), language=None, wrap_lines=True, height=230 if tall else "content"
            )
