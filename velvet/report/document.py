"""RESULTS.md: all that a module's reference results hold, rendered whole.

A README tells a story with a few rows of it. Here stands every row at every size, each claim with
its verdict, the figures of others beside ours, and what was measured on what.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from velvet.bench import figures, views
from velvet.bench.machine import sentence
from velvet.bench.model import LABEL
from velvet.catalog import Module

_KINDS = {
    "micro": "Interleaved calls in one process, {clock} time, 95 % intervals over processes.",
    "run": "Each sample is a process of its own: {clock} time, unless the contender reports its own; "
    "95 % intervals over rounds.",
    "value": "Each contender reports its own figure; nothing is paired.",
}
# Both clocks of every short call are kept in the results; one of them is the main figure.
_CLOCKS = ("wall_s", "cpu_s")


def document(module: Module, results: Mapping[str, Any]) -> str:
    """Return the text of a module's RESULTS.md."""
    parts = [
        f"# Results: {module.number:02d} {module.title}",
        "Written by `velvet report` from `benchmarks/results/reference.json`; any edit is lost. "
        "The lesson is in the [README](README.md).",
        _provenance(results),
    ]
    if results["claims"]:
        parts += [f"## Claims: {views.claim_counts(results)}", claim_table(results["claims"])]
    for about in results["comparisons"]:
        parts += _comparison(results, about)
    if results["published"]:
        parts += ["## Figures of others", _published(results)]
    if missing := views.absent(results):
        lines = [f"- {reason}: {', '.join(names)}" for reason, names in sorted(missing.items())]
        parts += ["## Not measured on this machine", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _provenance(results: Mapping[str, Any]) -> str:
    about, noise, options = results["machine"], results["noise"], results["options"]
    commit = about["git"].get("commit")
    where = f"Commit `{commit[:12]}`, measured" if commit else "Measured"
    packages = ", ".join(f"{name} {version}" for name, version in about.get("packages", {}).items())
    return (
        f"{where} {results['created'][:10]} in {results['duration_s']:g} s (tier "
        f"{options['tier']}, seed {options['seed']}), noise index {noise['index']}. "
        f"{sentence(about)}." + (f" Packages: {packages}." if packages else "")
    )


def claim_table(claims: list[Mapping[str, Any]]) -> str:
    """Return claims as a table, a row for each condition."""
    rows = []
    for claim in claims:
        for part in claim["parts"]:
            verdict = part["verdict"] + (f" ({part['reason']})" if part["reason"] else "")
            shown = figures.measured(part) if "value" in part else "-"
            rows.append([claim["text"], verdict, shown, figures.bound(part)])
    heads = ["claim", "verdict", "measured", "bound"]
    return views.grid(heads, rows, ["---", "---", "---:", "---:"])


def _comparison(results: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
    bench = about["name"]
    parts = [
        f"## {bench}: {about['title']}",
        _KINDS[about["kind"]].format(clock={"cpu": "CPU"}.get(about.get("clock", ""), "wall")),
    ]
    here = [entry for entry in results["results"] if entry["bench"] == bench]
    hidden = _CLOCKS if about["kind"] == "micro" else ()
    more = list(dict.fromkeys(e["metric"] for e in here if e["metric"] not in hidden))
    more = [metric for metric in more if metric != about["metric"]]
    sizes = {views.size_key(entry["size"]): entry["size"] for entry in here}
    if len(sizes) > 1 and any(entry.get("unit") == LABEL for entry in here):
        labels = [entry["metric"] for entry in here if entry.get("unit") == LABEL]
        parts += [_words(here, metric, list(sizes)) for metric in dict.fromkeys(labels)]
        more = [metric for metric in more if metric not in labels]
        if about["metric"] in labels and not more:
            return parts
    lines = [one for one in views.lines(results, bench, more=more) if not one.skipped]
    if not lines:
        return [*parts, "No contender of it could be measured on this machine."]
    parts.append(views.markdown(lines, about))
    order = [_order(results, bench, key, size) for key, size in sizes.items()]
    return [*parts, *(["\n".join(order)] if any(order) else [])]


def _words(entries: list[Mapping[str, Any]], metric: str, sizes: list[str]) -> str:
    """Return a matrix of words: contenders by sizes."""
    at = {
        (entry["contender"], views.size_key(entry["size"])): entry.get("label", "")
        for entry in entries
        if entry["metric"] == metric
    }
    names = list(dict.fromkeys(name for name, _ in at))
    failed = {entry["contender"]: "failed" for entry in entries if "error" in entry}
    rows = [[name, *(at.get((name, s)) or failed.get(name, "-") for s in sizes)] for name in names]
    return views.grid([metric, *sizes], rows)


def _order(results: Mapping[str, Any], bench: str, key: str, size: Mapping[str, Any]) -> str:
    groups = views.ranks(results, bench, **size)
    if len([name for group in groups for name in group]) < 3:
        return ""
    where = f" at {key}" if key else ""
    return f"- Best first{where}, `=` is a tie: " + " > ".join(" = ".join(g) for g in groups)


def _published(results: Mapping[str, Any]) -> str:
    rows = []
    for one in results["published"]:
        found = [
            entry
            for entry in views.entries(results, one["bench"], one["metric"], **one.get("size", {}))
            if entry["contender"] == one["contender"] and "median" in entry
        ]
        unit, ours, versus = "", "-", "-"
        if found:
            unit = found[-1]["unit"]
            ours = views.quantity(found[-1]["median"], unit)
            way = views.better(results, one["bench"], one["metric"])
            versus = figures.against(found[-1]["median"] / one["value"], way, unit)
        what = f"{one['bench']}: {one['contender']} ({one['metric']})"
        rows.append([what, views.quantity(one["value"], unit), ours, versus, one["source"]])
    return views.grid(["row", "published", "ours", "ours against it", "source"], rows)
