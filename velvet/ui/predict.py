"""Live Benchmarks: the reader predicts, one comparison is measured, both stand side by side.

Reading a table of results teaches less than being wrong about it. So nothing is shown before
the guess; then only the chosen comparison runs, in its harness's own processes, and the panel
follows its rounds. Its figures stand beside those of the reference machine.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet import catalog
from velvet.bench import figures, machine, results, views
from velvet.bench.model import size_key
from velvet.errors import VelvetError
from velvet.ui import panels
from velvet.ui.chart import verdict
from velvet.ui.live import outcome, ranking, sized
from velvet.ui.palette import pair, plotly_layout
from velvet.ui.parts import Seen, choice, note

BUSY = 1.5  # noise of a machine from which absolute times are soft
FACTORS = (1.0, 1_000_000.0)
Results = Mapping[str, Any]


def reference(module: catalog.Module) -> Results | None:
    """Return a module's committed results; None where there are none that can be read."""
    try:
        return results.reference(module.folder)
    except VelvetError:
        return None


@lru_cache(maxsize=32)
def declared(measure: Path, stamp: int) -> dict[str, list[str]]:  # noqa: ARG001 - cache's key
    """Return each comparison of a `measure.py` with its contenders."""
    done = subprocess.run(
        [sys.executable, str(measure), "--list"],
        cwd=measure.parent.parent,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return listed(done.stdout)


def listed(said: str) -> dict[str, list[str]]:
    """Read what `measure.py --list` says: each comparison of two or more, with its contenders."""
    found = {}
    for line in said.splitlines():
        head, _, names = line.partition("): ")
        if ", " in names and not line.startswith("claim: "):
            found[head.split(" (")[0]] = names.split(", ")
    return found


def controls(module: catalog.Module) -> dict[str, Any]:
    """Draw the guess: a comparison, its winner, and by how much."""
    measure = module.folder / "benchmarks" / "measure.py"
    known = declared(measure, measure.stat().st_mtime_ns) if measure.is_file() else {}
    if not known:
        st.warning(f"{module.slug} declares no comparison: `python benchmarks/measure.py --list`")
        return {}
    name = choice("Comparison", sorted(known))
    about = _about(module, name)
    if about:
        st.markdown(about["title"])
    baseline = about["baseline"] if about else known[name][0]
    winner = choice("Your guess: which one wins?", known[name], key=f"winner-{name}")
    rival = "the runner-up" if winner == baseline else baseline
    factor = st.number_input(
        f"How many times better than {rival}? (1 is a tie; at most {FACTORS[1]:,.0f})",
        *(*FACTORS, 2.0),
        key=f"live-factor-{name}",
        bind="query-params",
    )
    return {"module": module.slug, "comparison": name, "winner": winner, "factor": factor}


def _about(module: catalog.Module, name: str) -> Mapping[str, Any] | None:
    there = reference(module)
    with contextlib.suppress(KeyError):
        return views.comparison(there, name) if there else None
    return None


def draw(seen: Seen) -> None:
    """Draw the medians while it runs; then guess, result, reference machine and claims."""
    same = seen.options.get("comparison") == seen.wanted.get("comparison")
    if not same or not seen.events:
        if seen.wanted and not seen.running:
            st.markdown("Nothing is measured yet: make your guess, then press Measure.")
        return
    problems = dict.fromkeys(event["sentence"] for event in seen.of("problem"))
    if problems:
        note("Not measured here: " + "; ".join(problems))
    ended, told = seen.of("result"), seen.of("so far")
    if ended:
        _result(seen, ended[-1])
    elif told:
        seen.chart(so_far(told[-1]), key="so-far")


def so_far(event: Mapping[str, Any]) -> go.Figure:
    """Draw the medians of a comparison in progress as bars."""
    medians = dict(sorted(event["medians"].items(), key=lambda item: item[1]))
    fill, stroke = pair(0)
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=list(medians.values()),
        y=list(medians),
        text=[figures.quantity(seconds, "s") for seconds in medians.values()],
        marker={"color": fill, "line": {"color": stroke, "width": 1.5}},
    )
    at = f" at {event['size'].replace(',', ', ')}" if event["size"] else ""
    plotly_layout(figure, title=f"Medians so far{at}", height=120 + 34 * len(medians))
    low, high = min(medians.values()), max(medians.values())
    if low > 0:
        figure.update_xaxes(**panels.log_axis(low / 3, high * 3, suffix=" s"))
    figure.update_yaxes(type="category", autorange="reversed")
    return figure


def _result(seen: Seen, result: Results) -> None:
    name = seen.options["comparison"]
    about = views.comparison(result, name)
    sizes = list(dict.fromkeys(size_key(pair["size"]) for pair in result["pairs"]))
    size = choice("Size", sizes, sizes[-1], key=f"size-{name}") if len(sizes) > 1 else ""
    series = {"this machine": ranking(result, name, size)}
    there = reference(catalog.find(seen.options["module"]))
    with contextlib.suppress(KeyError):
        if there is not None and sized(there, name, size):
            series["reference machine"] = ranking(there, name, size)
    axis = f"times better than {about['baseline']} (left of 1x: worse)"
    title = f"{about['title']}: gain over {about['baseline']}"
    seen.chart(panels.intervals(series, title=title, axis=axis), key="gains")
    if there is not None and len(series) > 1:
        note(f"Reference machine: {machine.sentence(there['machine'])}.")
    index = result["noise"]["index"]
    if index > BUSY:
        note(f"The machine was busy ({index:g}x): ratios stand, absolute times are soft.")
    absent = views.absent(result)
    if absent:
        words = (f"{', '.join(names)} ({why})" for why, names in absent.items())
        note(f"Not measured here: {'; '.join(words)}.")
    for claim in result["claims"]:
        verdict(claim)


def finding(seen: Seen) -> str:
    """Return guess and result side by side, with the why."""
    ended, name = seen.of("result"), seen.options.get("comparison", "")
    if not ended or name != seen.wanted.get("comparison"):
        return ""
    result = ended[-1]
    if not sized(result, name):
        return "Only one contender could run here, so there is nothing to compare."
    won, gain, rival = outcome(result, name)
    winner, factor = seen.options["winner"], seen.options["factor"]
    about = views.comparison(result, name)
    why = next((one["note"] for one in about["contenders"] if one["name"] == won[0]), "")
    best = won[0] if len(won) == 1 else f"a tie of {', '.join(won)}"
    return (
        f"You guessed **{winner}**, {figures.number(factor)}x: the winner is "
        f"{'right' if winner in won else 'wrong'}. "
        f"Measured: **{best}**, {figures.number(gain)}x better than {rival}."
        + (f" Why: {why}" if why else "")
    )
