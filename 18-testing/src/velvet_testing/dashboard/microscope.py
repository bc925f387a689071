"""The tab to be proud of: survivors in red in the source, a row of your own, and another run."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet.ui import kit
from velvet.ui.palette import pair, plotly_layout
from velvet_testing.dashboard import tasks
from velvet_testing.mutation import engine

DEAD = ("killed", "timeout")
ALIVE = ("survived", "no coverage")
ORDER = ("killed", "timeout", "survived", "no coverage", "equivalent")


def controls() -> dict[str, Any]:
    """Ask for the program, the suite, and a row of the reader's own."""
    program = kit.choice("Program", list(tasks.PURE), "pager")
    suite = kit.choice("Suite", list(tasks.TABLES), "happy path")
    row = kit.text("One more row of your own", "", tip="such as page([(1, 'a')], 1)[1] == None")
    return {"program": program, "suite": suite, "row": row}


def by_line(seen: kit.Seen) -> dict[int, list[dict[str, Any]]]:
    """Return the mutants that live, by line."""
    found: dict[int, list[dict[str, Any]]] = {}
    for mutant in seen.of("mutant"):
        if mutant["status"] in ALIVE:
            found.setdefault(mutant["line"], []).append(mutant)
    return found


def score_of(seen: kit.Seen) -> float | None:
    """Return the mutation score so far."""
    judged = [one for one in seen.of("mutant") if one["status"] != "equivalent"]
    return sum(one["status"] in DEAD for one in judged) / len(judged) if judged else None


def figure_of(seen: kit.Seen) -> go.Figure:
    """Return the mutants of each operator by their fate."""
    mutants = seen.of("mutant")
    operators = sorted({one["operator"] for one in mutants})
    figure = go.Figure()
    for name, colour in (("killed", 2), ("survived", 1), ("no coverage", 4), ("timeout", 3)):
        counts = [
            sum(one["operator"] == each and one["status"] == name for one in mutants)
            for each in operators
        ]
        if any(counts):
            fill, stroke = pair(colour)
            marker = {"color": fill, "line": {"color": stroke, "width": 1}}
            figure.add_bar(x=counts, y=operators, name=name, orientation="h", marker=marker)
    plotly_layout(figure, title="Mutants by operator", height=90 + 34 * max(3, len(operators)))
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="mutants")
    return figure


def source_html(source: str, alive: dict[int, list[dict[str, Any]]], covered: set[int]) -> str:
    """Return the source with the lines on which a mutant lives in red."""
    rows = []
    for number, line in enumerate(source.splitlines(), start=1):
        here = alive.get(number, [])
        mark = "•" * len(here) if here else ("|" if number in covered else " ")
        style = "background:rgba(214,64,96,.22);border-left:4px solid #c52666" if here else ""
        changes = "\n".join(f"{one['before']}  ->  {one['after']}" for one in here)
        rows.append(
            f'<span style="display:block;padding-left:4px;{style}" title="{html.escape(changes)}">'
            f"{number:>3} {mark:<3} {html.escape(line)}</span>"
        )
    body = "".join(rows)
    return (
        '<pre class="velvet-figure" style="font-size:13px;overflow-x:auto;line-height:1.45" '
        f'tabindex="0" role="region" aria-label="Source with surviving mutants">{body}</pre>'
    )


def draw(seen: kit.Seen) -> None:
    """Draw the counts, the source, and the diff of one survivor."""
    if seen.of("mutant"):
        seen.chart(figure_of(seen), key="operators")
    for event in seen.of("source")[-1:]:
        alive = by_line(seen)
        covered = {line for one in seen.of("covered") for line in one["lines"]}
        st.html(source_html(event["source"], alive, covered))
        kit.note("Red: a mutant of this line lives; one dot each. A bar: the suite runs the line.")
        names = {
            f"line {line}: {one['before']} -> {one['after']}"[:90]: one
            for line, found in sorted(alive.items())
            for one in found
        }
        if names and not seen.running:
            label = st.selectbox("A survivor as a change", list(names), key="survivor")
            chosen = names[label or next(iter(names))]
            st.code(f"- {chosen['before']}\n+ {chosen['after']}", language="diff")


def finding(seen: kit.Seen) -> str:
    """Say the score, and how many lines run without being tested."""
    score = score_of(seen)
    if score is None or seen.running:
        return ""
    alive = by_line(seen)
    covered = {line for one in seen.of("covered") for line in one["lines"]}
    loose = sum(line in covered for line in alive)
    lines = "1 line" if loose == 1 else f"{loose} lines"
    if not alive:
        return "No mutant lives: every change that we can make is noticed."
    return (
        f"Mutation score **{score:.0%}**. On {lines} that the suite runs, a change goes "
        "unnoticed: write a row for one of them above, and press Mutate."
    )


TAB = kit.Tab(
    "Mutation microscope",
    question="Which lines could be wrong without any test noticing?",
    tip="Press Mutate, pick a survivor, write a row that kills it, and press Mutate again.",
    job=kit.Job(tasks.mutate, label="Mutate", cap_s=180, recorded="mutants.jsonl"),
    controls=controls,
    draw=draw,
    finding=finding,
    code=(engine.MutationReport,),
    command="velvet run 18 advanced mutation_microscope",
    next_step="Scoreboard",
)
