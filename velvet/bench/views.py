"""Tables and matrices made from a results document; nothing here measures or rounds away.

One set of functions serves the terminal, the READMEs and the dashboards, so the three can
never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from velvet.bench import figures
from velvet.bench.figures import number as number
from velvet.bench.figures import quantity as quantity
from velvet.bench.model import size_key as size_key

Results = Mapping[str, Any]
DAGGER = "†"
SKIPPED = "not measured: "
VERDICTS = ("HOLDS", "FAILS", "INCONCLUSIVE")


@dataclass(frozen=True)
class Line:
    """One row of a comparison's table, ready to be shown; `versus` is against the baseline."""

    contender: str
    size: str
    figure: str
    versus: str
    published: str
    quotient: str
    notes: str
    more: tuple[tuple[str, str], ...] = ()

    @property
    def skipped(self) -> bool:
        """Whether its contender could not be measured on that machine."""
        return self.notes.startswith(SKIPPED)


def comparison(results: Results, bench: str) -> Mapping[str, Any]:
    """Return the description of one comparison; raise KeyError when these results lack it."""
    if found := _first(results["comparisons"], name=bench):
        return found
    raise KeyError(f"these results hold no comparison {bench!r}")


def better(results: Results, bench: str, metric: str) -> str:
    """Return a metric's good direction: ``lower`` or ``higher``."""
    return str(comparison(results, bench)["better"].get(metric, "lower"))


def _first(rows: Iterable[Mapping[str, Any]], **wanted: Any) -> Mapping[str, Any] | None:
    return next((row for row in rows if wanted.items() <= row.items()), None)


def _matches(size: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(str(size.get(name)) == str(value) for name, value in wanted.items())


def entries(
    results: Results, bench: str, metric: str | None = None, **size: Any
) -> list[Mapping[str, Any]]:
    """Return the result entries of a comparison's metric, at the sizes that match."""
    about = comparison(results, bench)
    wanted = metric or about["metric"]
    here = [e for e in results["results"] if e["bench"] == bench and _matches(e["size"], size)]
    found = [e for e in here if e["metric"] == wanted or "skipped" in e or "error" in e]
    ranks = {one["name"]: rank for rank, one in enumerate(about["contenders"])}
    return sorted(found, key=lambda entry: (_by_axes(entry), ranks[entry["contender"]]))


def _by_axes(entry: Mapping[str, Any]) -> list[tuple[str, int, Any]]:
    """Sort numbers as numbers and words as words, axis by axis."""
    axes = entry["size"].items()
    return [(name, 0, v) if isinstance(v, (int, float)) else (name, 1, str(v)) for name, v in axes]


def _pair(results: Results, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return _first(results["pairs"], a=entry["contender"], **_at(entry, "bench", "metric", "size"))


def _at(entry: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: entry[key] for key in keys}


def lines(
    results: Results,
    bench: str,
    *,
    metric: str | None = None,
    more: Iterable[str] = (),
    size: Mapping[str, Any] | None = None,
) -> list[Line]:
    """Return a comparison's table of one metric, with `more` as further columns."""
    about = comparison(results, bench)
    wanted = metric or about["metric"]
    way = better(results, bench, wanted)
    notes = {one["name"]: _note(one) for one in about["contenders"]}
    table = []
    for entry in entries(results, bench, metric, **(size or {})):
        theirs = _published(results, entry, wanted)
        unit, note = entry.get("unit", ""), [notes.get(entry["contender"], "")]
        figure, versus, quotient = shown(entry) + _interval(entry), "", ""
        if "median" in entry and "label" not in entry:
            if entry.get("extrapolated"):
                note.insert(0, f"{DAGGER} extrapolated from {entry['measured_n']} measured")
            pair = _pair(results, entry)
            versus = figures.gain(pair, way, unit) if pair else ""
            quotient = figures.against(entry["median"] / theirs, way, unit) if theirs else ""
        elif "label" not in entry:
            failed = f"failed: {entry.get('error', '')}"
            note.insert(0, SKIPPED + entry["skipped"] if "skipped" in entry else failed)
            versus = quotient = "-"
        published = quantity(theirs, unit) if theirs else ""
        others = tuple((name, _other(results, entry, name)) for name in more)
        where, said = size_key(entry["size"]), "; ".join(filter(None, note))
        row = Line(entry["contender"], where, figure, versus, published, quotient, said, others)
        table.append(row)
    return table


def shown(entry: Mapping[str, Any]) -> str:
    """Write a result entry's word or figure, with a dagger where it is extrapolated."""
    if "label" in entry or "median" not in entry:
        return str(entry.get("label", "-"))
    dagger = f" {DAGGER}" if entry.get("extrapolated") else ""
    return quantity(entry["median"], entry["unit"]) + dagger


def _interval(entry: Mapping[str, Any]) -> str:
    """Write a score's interval, where it has one; those of times are at their ratios."""
    scored = entry.get("kind") == "value" and {"median", "lo", "hi"} <= entry.keys()
    ends = [quantity(entry[end], entry["unit"]) for end in ("lo", "hi")] if scored else []
    unit = f" {shown(entry).rpartition(' ')[2]}"
    if all(end.endswith(unit) for end in ends):
        ends = [end.removesuffix(unit) for end in ends]
    return f" [{', '.join(ends)}]" if len(set(ends)) == 2 else ""


def _note(contender: Mapping[str, Any]) -> str:
    tuned = contender.get("tuned_of")
    return f"tuned settings of {tuned}: {contender['note']}" if tuned else str(contender["note"])


def _published(results: Results, entry: Mapping[str, Any], metric: str) -> float | None:
    fitting = [p for p in results["published"] if _matches(entry["size"], p.get("size", {}))]
    found = _first(fitting, metric=metric, **_at(entry, "bench", "contender"))
    return float(found["value"]) if found else None


def _other(results: Results, entry: Mapping[str, Any], metric: str) -> str:
    at = _at(entry, "bench", "contender", "size")
    found = {**(_first(results["results"], metric=metric, **at) or {}), "extrapolated": False}
    return shown(found) + _interval(found)


def columns(
    table: list[Line], about: Mapping[str, Any], metric: str | None = None
) -> dict[str, list[str]]:
    """Return lines of the comparison `about` as heads with their cells, without empty columns.

    Over the figures stands "measured" where they are its time, and the size where it is one.
    """
    figure = metric or (str(about["metric"]) if about["kind"] == "value" else "measured")
    sizes = {line.size for line in table}
    where = f" at {min(sizes)}" if len(sizes) == 1 and "" not in sizes else ""
    rows = [
        {"contender": line.contender, "size": "" if where else line.size}
        | {figure + where: line.figure, **dict(line.more)}
        | {f"against {about['baseline']}": line.versus, "published": line.published}
        | {"ours against it": line.quotient, "notes": line.notes}
        for line in table
    ]
    found = {head: [row[head] for row in rows] for head in rows[0]}
    kept = ("contender", figure + where)
    return {head: cells for head, cells in found.items() if any(cells) or head in kept}


def markdown(table: list[Line], about: Mapping[str, Any], metric: str | None = None) -> str:
    """Write lines as a Markdown table."""
    found = columns(table, about, metric)
    sides = ["---" if head in ("contender", "notes") else "---:" for head in found]
    return grid([*found], [list(row) for row in zip(*found.values(), strict=True)], sides)


def grid(heads: list[str], rows: list[list[str]], sides: list[str] | None = None) -> str:
    """Write a Markdown table; `sides` are the alignments of its columns."""
    lines = [
        [cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in [heads, *rows]
    ]
    lines.insert(1, sides or ["---"] * len(heads))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def claim_lines(claim: Mapping[str, Any]) -> list[str]:
    """Write a claim's parts: ``HOLDS ratio(a/b, ops) = 66.3 [58.1, 75.0] >= 25``."""
    written = []
    for part in claim["parts"]:
        shown = f"{figures.measured(part)} {figures.bound(part)}"
        text = f"{part['verdict']} {part['text']} = {shown}"
        written.append(f"{text} ({part['reason']})" if part["reason"] else text)
    return written


def claim_line(claim: Mapping[str, Any]) -> str:
    """Write a claim in one line for people: its mark, its sentence, and why where it is open."""
    mark = "OPEN" if claim["verdict"] == "INCONCLUSIVE" else claim["verdict"]
    reason = f" ({claim['reason']})" if claim["reason"] else ""
    second = " [second look: measured again with 3x the samples]"
    return f"{mark:5} {claim['text']}{reason}{second if claim.get('second_look') else ''}"


def claim_counts(results: Results) -> str:
    """Count the claims of a run in words: ``37 hold, 1 fails, 13 are open``."""
    found = [claim["verdict"] for claim in results["claims"]]
    words = {"HOLDS": ("holds", "hold"), "FAILS": ("fails", "fail")}
    return ", ".join(
        f"{found.count(v)} {words.get(v, ('is open', 'are open'))[found.count(v) != 1]}"
        for v in VERDICTS
        if v in found
    )


def absent(results: Results) -> dict[str, list[str]]:
    """Return why rows were skipped: reason -> the contenders, each once."""
    found: dict[str, list[str]] = {}
    for entry in results["results"]:
        if "skipped" in entry:
            found.setdefault(entry["skipped"], []).append(entry["contender"])
    return {reason: list(dict.fromkeys(names)) for reason, names in found.items()}


def _spans(
    results: Results, bench: str, metric: str, size: Mapping[str, Any]
) -> dict[str, tuple[float, float, float]]:
    """Return (figure, low, high) of each contender at one size, so that less is better.

    They are ratios to the baseline with their intervals, where every contender has one; else the
    figures with the middle eight tenths of their samples.
    """
    found = [entry for entry in entries(results, bench, metric, **size) if "median" in entry]
    pairs = {entry["contender"]: _pair(results, entry) for entry in found}
    baseline = comparison(results, bench).get("baseline")
    paired = all(pair or name == baseline for name, pair in pairs.items())
    spans = {}
    for entry in found:
        name = entry["contender"]
        if paired:
            pair = pairs[name] or {"ratio": 1.0, "lo": None, "hi": None}
            middle, ends = pair["ratio"], (pair["lo"], pair["hi"])
        else:
            middle = entry["median"]
            ends = (entry.get("lo", entry.get("p10")), entry.get("hi", entry.get("p90")))
        low, high = (middle if end is None else end for end in ends)
        higher = better(results, bench, metric) == "higher"
        spans[name] = (-middle, -high, -low) if higher else (middle, low, high)
    return spans


def _holds_one(pair: Mapping[str, Any]) -> bool:
    if pair["lo"] is None:  # counted: equal counts tie
        return bool(pair["ratio"] == 1)
    return bool(pair["lo"] <= 1 <= pair["hi"])


def share(
    results: Results, bench: str, metric: str, size: Mapping[str, Any], a: str, b: str
) -> tuple[float | None, bool]:
    """Return A's figure over B's as it was measured in pairs, if it was, and whether they tie."""
    wanted = {"bench": bench, "metric": metric, "size": size}
    for pair in (*results["pairs"], *results.get("neighbours", ())):
        if wanted.items() <= pair.items() and {pair["a"], pair["b"]} == {a, b}:
            ratio = pair["ratio"] if pair["a"] == a or not pair["ratio"] else 1 / pair["ratio"]
            return ratio, _holds_one(pair)
    return None, False


def ranks(results: Results, bench: str, metric: str | None = None, **size: Any) -> list[list[str]]:
    """Return the contenders of one size in groups, the best first; a group is a tie.

    Neighbours whose measured ratio has an interval that holds 1 are never ranked; in results that
    keep no ratio of neighbours, those whose intervals overlap.
    """
    wanted = metric or comparison(results, bench)["metric"]
    spans = _spans(results, bench, wanted, size)
    steps = {
        (pair["a"], pair["b"]): _holds_one(pair)
        for pair in results.get("neighbours", ())
        if (pair["bench"], pair["metric"]) == (bench, wanted) and _matches(pair["size"], size)
    }
    ordered = sorted(spans, key=lambda name: spans[name][0])
    groups = [ordered[:1]] if ordered else []
    for before, name in pairwise(ordered):
        overlap = spans[name][1] <= spans[before][2]
        if steps.get((before, name), steps.get((name, before), overlap)):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


@dataclass(frozen=True)
class Matrix:
    """A heatmap: log2 of each cell over the best of its column; None where nothing was measured.

    What ties with the best of its column is 0.0, too.
    """

    rows: list[str]
    columns: list[str]
    cells: list[list[float | None]]
    texts: list[list[str]]


def matrix(results: Results, bench: str, metric: str | None = None) -> Matrix:
    """Return contenders by sizes, each cell relative to the best of its column."""
    wanted = metric or comparison(results, bench)["metric"]
    higher = better(results, bench, wanted) == "higher"
    found = entries(results, bench, wanted)
    rows = list(dict.fromkeys(entry["contender"] for entry in found))
    columns = {size_key(entry["size"]): entry["size"] for entry in found}
    at = {(e["contender"], size_key(e["size"])): e for e in found if "median" in e}
    cells: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    texts = [["not measured"] * len(columns) for _ in rows]
    for x, (column, size) in enumerate(columns.items()):
        here = {y: at[row, column] for y, row in enumerate(rows) if (row, column) in at}
        here = {y: entry for y, entry in here.items() if entry["median"] > 0}
        best = (max if higher else min)((e["median"] for e in here.values()), default=1.0)
        first = next(iter(ranks(results, bench, wanted, **size)), [])
        for y, entry in here.items():
            share = best / entry["median"] if higher else entry["median"] / best
            place = "best" if len(first) == 1 else "ties for best"
            if rows[y] not in first:
                place = f"{number(share)}x the best"
            cells[y][x] = 0.0 if rows[y] in first else math.log2(share)
            texts[y][x] = f"{quantity(entry['median'], entry['unit'])} ({place})"
    return Matrix(rows, list(columns), cells, texts)
