"""Live Benchmarks: the reader predicts, one comparison is measured, both stand side by side.

Reading a table of results teaches less than being wrong about it. So nothing is shown before
the guess; then only the chosen comparison runs, in its harness's own processes, and the panel
follows its rounds. Its figures stand beside those of the reference machine.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from velvet import catalog
from velvet.bench import machine, views
from velvet.bench.model import size_key
from velvet.bench.results import load
from velvet.errors import VelvetError
from velvet.ui import guesses, panels
from velvet.ui.frame import verdict
from velvet.ui.palette import pair, plotly_layout
from velvet.ui.parts import Seen, choice, note

TELL_EVERY_S = 0.3
FACTORS = (1.0, 1_000_000.0)
Results = Mapping[str, Any]


@lru_cache(maxsize=32)
def _reference(path: Path, stamp: int) -> Results:  # noqa: ARG001 - part of the cache's key
    return load(path)


def reference(module: catalog.Module) -> Results | None:
    """Return a module's committed results; None where there are none that can be read."""
    path = module.folder / "benchmarks" / "results" / "reference.json"
    try:
        return _reference(path, path.stat().st_mtime_ns)
    except (OSError, VelvetError):
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
    found = {}
    for line in done.stdout.splitlines():
        head, _, names = line.partition("): ")
        if names and not line.startswith("claim: "):
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
    results = reference(module)
    with contextlib.suppress(KeyError):
        return views.comparison(results, name) if results else None
    return None


def measured(module: str, comparison: str, winner: str, factor: float) -> Iterator[dict[str, Any]]:
    """Measure one comparison quickly, telling medians as they settle; then keep the guess.

    Raises:
        ValueError: the measurement ended without results; names what was said.
    """
    folder = catalog.find(module).folder
    argv = [sys.executable, str(folder / "benchmarks" / "measure.py")]
    argv += ["--quick", "--json", "-", "--filter", comparison]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            argv, cwd=folder, stdout=subprocess.PIPE, stderr=said, encoding="utf-8"
        )
        assert process.stdout is not None
        with process:
            yield from follow(map(json.loads, process.stdout), comparison, winner, factor, module)
        said.seek(0)
        if process.returncode not in (0, 1):  # 1: a claim did not hold
            raise ValueError(f"Not measured: {(said.read().strip().splitlines() or ['?'])[-1]}")


def follow(
    events: Iterator[dict[str, Any]], comparison: str, winner: str, factor: float, module: str
) -> Iterator[dict[str, Any]]:
    """Condense the harness's events: medians at most a few times a second, then the result."""
    samples: dict[str, list[float]] = {}
    size, done, told = "", 0, 0.0
    for event in events:
        kind = event["event"]
        if kind == "plan":
            yield {"type": "plan", "total": event["total"]}
        elif kind in ("begin", "finish"):
            samples = {} if event["size"] != size else samples
            size, done = event["size"], event["done"]
        elif kind in ("error", "refused") and event["bench"] == comparison:
            yield {"type": "problem", "sentence": f"{event.get('contender')}: {event['error']}"}
        elif kind in ("round", "sample") and event["bench"] == comparison:
            for name, seconds in _seconds(event):
                samples.setdefault(name, []).append(seconds)
        elif kind == "results":
            result = _of(event["results"], comparison)
            _keep(result, comparison, winner, factor, module)
            yield {"type": "result", **result}
        if samples and time.monotonic() - told > TELL_EVERY_S:
            told = time.monotonic()
            medians = {name: statistics.median(found) for name, found in samples.items()}
            yield {"type": "so far", "size": size, "done": done, "medians": medians}


def _seconds(event: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    if event["event"] == "sample":
        if event.get("what") == "run":
            yield event["contender"], float(event["wall"])
        return
    for name, taken in event["wall"].items():
        if taken is not None:
            yield name, taken / 1e9


def _of(results: Results, comparison: str) -> dict[str, Any]:
    """Return the part of a results document that is about one comparison."""
    return {
        "comparisons": [one for one in results["comparisons"] if one["name"] == comparison],
        **{
            part: [one for one in results[part] if one["bench"] == comparison]
            for part in ("results", "pairs", "published")
        },
        "claims": [one for one in results["claims"] if comparison in one["benches"]],
        "noise": results["noise"],
        "whose": machine.sentence(results["machine"]),
        "created": results["created"],
    }


def ranking(results: Results, comparison: str, size: str | None = None) -> list[guesses.Standing]:
    """Return the contenders at one size, the last by default; the best first."""
    about = views.comparison(results, comparison)
    metric = about["metric"]
    pairs = [p for p in results["pairs"] if p["bench"] == comparison and p["metric"] == metric]
    sizes = list(dict.fromkeys(size_key(pair["size"]) for pair in pairs))
    wanted = size if size in sizes else (sizes or [""])[-1]
    chosen = [pair for pair in pairs if size_key(pair["size"]) == wanted]
    return guesses.standings(
        chosen, about["baseline"] or "", better=about["better"].get(metric, "lower")
    )


def _keep(result: Results, comparison: str, winner: str, factor: float, module: str) -> None:
    found = ranking(result, comparison)
    if len(found) > 1:
        won, gain = guesses.outcome(found, views.comparison(result, comparison)["baseline"])
        guesses.add(guesses.Guess(module, comparison, winner, factor, won, gain, result["created"]))


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
    results = seen.of("result")
    if not results:
        told = seen.of("so far")
        if told:
            seen.chart(so_far(told[-1]), key="so-far")
        return
    _result(seen, results[-1])


def so_far(event: Mapping[str, Any]) -> go.Figure:
    """Draw the medians of a comparison in progress as bars."""
    medians = dict(sorted(event["medians"].items(), key=lambda item: item[1]))
    fill, stroke = pair(0)
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=list(medians.values()),
        y=list(medians),
        text=[views.quantity(seconds, "s") for seconds in medians.values()],
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
    module = catalog.find(seen.options["module"])
    sizes = list(dict.fromkeys(size_key(p["size"]) for p in result["pairs"]))
    size = choice("Size", sizes, sizes[-1], key=f"size-{name}") if len(sizes) > 1 else None
    series = {"this machine": _rows(ranking(result, name, size))}
    there = reference(module)
    with contextlib.suppress(KeyError):
        if there is not None:
            series["reference machine"] = _rows(ranking(there, name, size))
    axis = f"times better than {about['baseline']} (left of 1x: worse)"
    title = f"{about['title']}: gain over {about['baseline']}"
    seen.chart(panels.intervals(series, title=title, axis=axis), key="gains")
    if there is not None:
        note(f"Reference machine: {machine.sentence(there['machine'])}.")
    index = result["noise"]["index"]
    if index > 1.5:
        note(f"The machine was busy ({index:g}x): ratios stand, absolute times are soft.")
    skipped = {one["contender"]: one["skipped"] for one in result["results"] if "skipped" in one}
    if skipped:
        note("Not installed here: " + "; ".join(f"{n} ({why})" for n, why in skipped.items()))
    for claim in result["claims"]:
        verdict(claim)


def _rows(found: Sequence[guesses.Standing]) -> list[panels.Interval]:
    return [(one.name, one.gain, one.lo, one.hi) for one in found]


def finding(seen: Seen) -> str:
    """Return guess and result side by side, with the why."""
    results = seen.of("result")
    if not results or seen.options.get("comparison") != seen.wanted.get("comparison"):
        return ""
    name = seen.options["comparison"]
    about = views.comparison(results[-1], name)
    found = ranking(results[-1], name)
    if len(found) < 2:
        return "Only one contender could run here, so there is nothing to compare."
    won, gain = guesses.outcome(found, about["baseline"])
    winner, factor = seen.options["winner"], seen.options["factor"]
    rival = "the runner-up" if won[0] == about["baseline"] else about["baseline"]
    best = won[0] if len(won) == 1 else f"a tie of {', '.join(won)}"
    judged = "right" if winner in won else "wrong"
    why = next((one["note"] for one in about["contenders"] if one["name"] == won[0]), "")
    return (
        f"You guessed **{winner}**, {views.number(factor)}x: the winner is {judged}. "
        f"Measured: **{best}**, {views.number(gain)}x better than {rival}."
        + (f" Why: {why}" if why else "")
    )
