"""Stored results of the benchmarks: as tables below a figure, and as curves for the growth lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from algorithms_session import HERE

from velvet.bench import views
from velvet.bench.results import load
from velvet.errors import VelvetError
from velvet.ui.frame import provenance

RESULTS = HERE / "benchmarks" / "results"
FILES = {"this machine": RESULTS / "local.json", "reference machine": RESULTS / "reference.json"}
# Families whose benchmark has three sizes or more, and which of its rows are meant.
BENCHES: dict[str, tuple[str, dict[str, str]]] = {
    "components": ("flow_and_scc_components", {}),
    "edit_distance": ("edit_distance", {}),
    "hull": ("small_choices_hull", {}),
    "range_sums": ("range_queries", {}),
    "subset_sums": ("dynamic_programming", {}),
    "suffix_array": ("suffix_arrays", {"text": "random"}),
    "tasks": ("small_choices_order", {}),
    "union_find": ("union_find", {}),
}
COMMAND = "python benchmarks/measure.py --quick"
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@st.cache_data(show_spinner=False, max_entries=4)
def _load(path: str, stamp: float) -> dict[str, Any]:  # noqa: ARG001 - the stamp is the cache's key
    return load(Path(path))


def stored() -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the results files that can be read, by whose they are, and what is wrong with the rest."""
    found, problems = {}, []
    for name, path in FILES.items():
        if not path.is_file():
            continue
        try:
            found[name] = _load(str(path), path.stat().st_mtime)
        except VelvetError as error:
            problems.append(str(error))
    return found, problems


def curves(family: str) -> tuple[str, list[tuple[str, int, float]]]:
    """Return whose results hold a family's growth, and its (contender, n, seconds); nothing if none do."""
    if family not in BENCHES:
        return "", []
    bench, rows = BENCHES[family]
    for whose, results in stored()[0].items():
        if _about(results, bench) is None:
            continue
        points = [
            (entry["contender"], int(entry["size"]["n"]), entry["median"] * scale)
            for entry in views.entries(results, bench, None, **rows)
            if "median" in entry and (scale := _SECONDS.get(entry["unit"]))
        ]
        if len({n for _, n, _ in points}) >= 3:
            return f"{whose}, benchmark {bench}: {provenance(results)}", points
    return "", []


def table(*benches: str) -> None:
    """Show the stored figures of comparisons folded, or the command that measures what is missing."""
    found, problems = stored()
    for problem in problems:
        st.warning(problem)
    missing = [bench for bench in benches if not any(_folded(bench, *one) for one in found.items())]
    if missing:
        names = ", ".join(f"`{bench}`" for bench in missing)
        st.caption(f"Measured carefully by {names}; no result is stored yet: `{COMMAND}`")


def _folded(bench: str, whose: str, results: dict[str, Any]) -> bool:
    """Show one comparison's table folded; returns whether there is one."""
    about = _about(results, bench)
    if about is None:
        return False
    lines = views.lines(results, bench, more=_others(results, bench, about))
    with st.expander(f"benchmark {bench}, {whose}"):
        st.markdown(views.markdown(lines))
        st.caption(f"{provenance(results)}. Measured by `{COMMAND} --filter {bench}`.")
    return True


def _about(results: dict[str, Any], bench: str) -> dict[str, Any] | None:
    return next((one for one in results["comparisons"] if one["name"] == bench), None)


def _others(results: dict[str, Any], bench: str, about: dict[str, Any]) -> list[str]:
    """Return what a comparison of counted figures counts besides its main one."""
    if about["kind"] != "value":
        return []
    mine = [entry for entry in results["results"] if entry["bench"] == bench]
    names = dict.fromkeys(entry["metric"] for entry in mine if "median" in entry)
    return [name for name in names if name != about["metric"]]
