"""Four faces: one command line, run and answered by every front end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from velvet.ui import kit
from velvet_cli import contenders
from velvet_cli.contract import attached
from velvet_cli.dashboard import tasks

OWN = "my own line"
TRY = (
    "tasks list --form json",
    'tasks add "call home" --priority 9',
    "tasks lst",
    "tasks done -5",
    "tasks list --format csv",
    "tasks --help",
)
FORMS = ("raw", "hardened")


def controls() -> dict[str, Any]:
    """Ask for a command line and a form of the programs."""
    chosen = st.pills(
        "Command line", (*TRY, OWN), default=TRY[0], key="four-faces-line", bind="query-params"
    )
    line = (
        kit.text("Your line", "tasks stats", max_chars=tasks.MOST_LETTERS)
        if chosen == OWN
        else chosen
    )
    tip = "Raw: the framework's defaults. Hardened: with the runner and documented settings."
    return {"line": line or TRY[0], "hardened": kit.choice("Programs", FORMS, tip=tip) == FORMS[1]}


def problem(options: Mapping[str, Any]) -> str:
    """Return why a line may not run."""
    try:
        tasks.words_of(options["line"])
    except ValueError as error:
        return str(error)
    return ""


def draw(seen: kit.Seen) -> None:
    """Draw what each of the four called, and what it printed."""
    found = seen.of("face")
    seen.table([_row(face) for face in found])
    for at in range(0, len(found), 2):
        for column, face in zip(st.columns(2), found[at : at + 2], strict=False):
            with column.container(border=True):
                st.markdown(f"**{face['name']}**")
                for name in ("out", "err"):
                    if text := face[name].rstrip("\n"):
                        st.caption(f"std{name}")
                        height: Any = 230 if text.count("\n") > 7 else "content"
                        st.code(text, language=None, wrap_lines=True, height=height)
    absent = [name for name in contenders.NAMES if not contenders.version(name)]
    if absent:
        kit.note(f"Not installed here: {', '.join(absent)} (pip install {' '.join(absent)}).")


def _row(face: Mapping[str, Any]) -> dict[str, str]:
    called = "nothing"
    if face["called"] is not None:
        command, values = face["called"]
        typed = ", ".join(f"{name} = {value!r}" for name, value in values.items())
        called = f"{command} with {typed}" if typed else command
    code = "ended at its cap" if face["exit"] is None else str(face["exit"])
    return {
        "program": face["name"],
        "exit": code,
        "called": called,
        "CPU": f"{face['cpu_ms']:.0f} ms",
    }


def finding(seen: kit.Seen) -> str:
    """Say whether the four agree."""
    faces = seen.of("face")
    if len(faces) < 2:
        return ""
    called = sum(face["called"] is not None for face in faces)
    codes = sorted({str(face["exit"]) for face in faces})
    dear = max(faces, key=lambda face: face["cpu_ms"])
    cheap = min(faces, key=lambda face: face["cpu_ms"])
    agree = "one exit code" if len(codes) == 1 else f"{len(codes)} exit codes ({', '.join(codes)})"
    times = f"{dear['cpu_ms'] / max(cheap['cpu_ms'], 0.1):.1f} times the CPU of {cheap['name']}"
    return (
        f"{called} of {len(faces)} call a command, with {agree}; **{dear['name']}** takes {times}."
    )


TAB = kit.Tab(
    "Four faces",
    question="Do four frameworks understand one command line alike?",
    tip="Choose a line, press Run all four, then look at the same line hardened.",
    job=kit.Job(
        tasks.faces, "Run all four", 8 * tasks.CAP_S, recorded="faces.jsonl", problem=problem
    ),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(attached,),
    command="python examples/basic.py same_cli_four_times",
    next_step="Start-up",
)
