"""Tables and matrices made from a results document; nothing here measures or rounds away.

One set of functions serves the terminal, the READMEs and the dashboards, so the three can
never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from velvet.bench.model import size_key

Results = Mapping[str, Any]
DAGGER = "†"
_SCALES = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))


@dataclass(frozen=True)
class Line:
    """One row of a comparison's table, ready to be shown.

    Attributes:
        versus: how many times better than the baseline, with its interval; empty for it.
        notes: dagger for extrapolated figures, what is missing, what went wrong.
    """

    contender: str
    size: str
    figure: str
    versus: str
    published: str
    quotient: str
    notes: str
    more: tuple[tuple[str, str], ...] = ()


def number(value: float) -> str:
    """Write a figure with three significant digits and thousands separators."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= 2:
        return f"{round(value, 2 - magnitude):,.0f}"
    if magnitude < -7:
        return f"{value:.2e}"
    return f"{value:.{2 - magnitude}f}"


def quantity(value: float, unit: str) -> str:
    """Write a figure with its unit, choosing a readable multiple of seconds or operations."""
    if unit in dict(_SCALES):
        seconds = value * dict(_SCALES)[unit]
        for name, scale in _SCALES:
            if abs(seconds) >= scale:
                return f"{number(seconds / scale)} {name}"
        return f"{number(seconds / 1e-9)} ns" if seconds else "0 s"
    if unit.endswith("/s") and abs(value) >= 1e6:
        return f"{number(value / 1e6)} M{unit}"
    if unit.endswith("/s") and abs(value) >= 1e4:
        return f"{number(value / 1e3)} k{unit}"
    return f"{number(value)} {unit}".strip()


def interval(pair: Mapping[str, Any]) -> str:
    """Write a ratio with its interval: ``66.3 [58.1, 75.0]``."""
    text = number(pair["ratio"])
    if pair.get("lo") is not None and pair.get("hi") is not None:
        text += f" [{number(pair['lo'])}, {number(pair['hi'])}]"
    return text


def gain(pair: Mapping[str, Any], better: str) -> str:
    """Write how many times better than the baseline: ``66.3x [58.1, 75.0]``; below 1 is worse.

    Args:
        better: ``lower`` or ``higher``, the metric's good direction.
    """
    ratio, lo, hi = pair["ratio"], pair.get("lo"), pair.get("hi")
    if better == "lower" and ratio > 0:
        ratio = 1 / ratio
        lo, hi = (None if not x or x <= 0 else 1 / x for x in (hi, lo))
    text = f"{number(ratio)}x"
    if lo is not None and hi is not None and pair.get("n", 1) > 1:
        text += f" [{number(lo)}, {number(hi)}]"
    return text


def comparison(results: Results, bench: str) -> Mapping[str, Any]:
    """Return the description of one comparison.

    Raises:
        KeyError: these results do not hold it.
    """
    for found in results["comparisons"]:
        if found["name"] == bench:
            return dict(found)
    raise KeyError(f"these results hold no comparison {bench!r}")


def _matches(size: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(str(size.get(name)) == str(value) for name, value in wanted.items())


def entries(
    results: Results, bench: str, metric: str | None = None, **size: Any
) -> list[Mapping[str, Any]]:
    """Return the result entries of a comparison's metric, at the sizes that match."""
    about = comparison(results, bench)
    wanted = metric or about["metric"]
    found = [
        entry
        for entry in results["results"]
        if entry["bench"] == bench
        and (entry["metric"] == wanted or "skipped" in entry or "error" in entry)
        and _matches(entry["size"], size)
    ]
    ranks = {one["name"]: rank for rank, one in enumerate(about["contenders"])}
    sizes = list(dict.fromkeys(size_key(entry["size"]) for entry in sorted(found, key=_by_axes)))
    return sorted(found, key=lambda e: (sizes.index(size_key(e["size"])), ranks[e["contender"]]))


def _by_axes(entry: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """Sort numbers as numbers and words as words, axis by axis."""
    values = entry["size"].values()
    return [(0, v) if isinstance(v, (int, float)) else (1, str(v)) for v in values]


def _pair(results: Results, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for pair in results["pairs"]:
        if (
            pair["bench"] == entry["bench"]
            and pair["a"] == entry["contender"]
            and pair["metric"] == entry["metric"]
            and pair["size"] == entry["size"]
        ):
            return dict(pair)
    return None


def lines(
    results: Results,
    bench: str,
    *,
    metric: str | None = None,
    more: Iterable[str] = (),
    size: Mapping[str, Any] | None = None,
) -> list[Line]:
    """Return a comparison's table, one line per contender and size.

    Args:
        metric: the main figure; the comparison's own by default.
        more: further metrics to show as columns.
        size: only the sizes that match these values.
    """
    about = comparison(results, bench)
    notes = {one["name"]: one["note"] for one in about["contenders"]}
    table = []
    for entry in entries(results, bench, metric, **(size or {})):
        wanted = metric or about["metric"]
        published = _published(results, entry, wanted)
        note = [notes.get(entry["contender"], "")]
        if "median" not in entry:
            state = "not measured: " if "skipped" in entry else "failed: "
            note.insert(0, state + entry.get("skipped", entry.get("error", "")))
            figure = versus = quotient = "-"
        else:
            figure = quantity(entry["median"], entry["unit"])
            if entry.get("extrapolated"):
                figure += f" {DAGGER}"
                note.insert(0, f"{DAGGER} extrapolated from {entry['measured_n']} measured")
            pair = _pair(results, entry)
            versus = gain(pair, about["better"].get(wanted, "lower")) if pair else ""
            quotient = number(entry["median"] / published["value"]) if published else ""
        table.append(
            Line(
                entry["contender"],
                size_key(entry["size"]),
                figure,
                versus,
                quantity(published["value"], entry.get("unit", "")) if published else "",
                quotient,
                "; ".join(part for part in note if part),
                tuple((name, _other(results, entry, name)) for name in more),
            )
        )
    return table


def _published(results: Results, entry: Mapping[str, Any], metric: str) -> Mapping[str, Any] | None:
    for found in results["published"]:
        same = found["bench"] == entry["bench"] and found["contender"] == entry["contender"]
        if same and found["metric"] == metric and _matches(entry["size"], found.get("size", {})):
            return dict(found)
    return None


def _other(results: Results, entry: Mapping[str, Any], metric: str) -> str:
    for found in results["results"]:
        same = all(found[key] == entry[key] for key in ("bench", "contender", "size"))
        if same and found["metric"] == metric and "median" in found:
            return quantity(found["median"], found["unit"])
    return "-"


def markdown(table: list[Line], *, figure: str = "measured", versus: str = "gain") -> str:
    """Write lines as a Markdown table, leaving out columns that are empty throughout."""
    heads = ["contender", "size", figure]
    heads += [name for name, _ in (table[0].more if table else ())]
    heads += [versus, "published", "ours / published", "notes"]
    rows = []
    for line in table:
        more = [shown for _, shown in line.more]
        cells = [line.contender, line.size, line.figure, *more]
        rows.append([*cells, line.versus, line.published, line.quotient, line.notes])
    keep = [n for n in range(len(heads)) if n in (0, 2) or any(row[n] for row in rows)]
    out = ["| " + " | ".join(heads[n] for n in keep) + " |"]
    out.append(
        "|"
        + "|".join(
            " --- " if n == 0 else " ---: " if n != len(heads) - 1 else " --- " for n in keep
        )
        + "|"
    )
    for row in rows:
        cells = [row[n].replace("|", "\\|") for n in keep]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def claim_lines(claim: Mapping[str, Any]) -> list[str]:
    """Write a claim's parts: ``HOLDS ratio(a/b, ops) = 66.3 [58.1, 75.0] >= 25``."""
    written = []
    for part in claim["parts"]:
        shown = interval({**part, "ratio": part["value"]}) if "value" in part else "not measured"
        text = f"{part['verdict']} {part['text']} = {shown} {part['bound']}"
        written.append(f"{text} ({part['reason']})" if part["reason"] else text)
    return written


@dataclass(frozen=True)
class Matrix:
    """A heatmap: log2 of each cell over the best of its column; None where nothing was measured."""

    rows: list[str]
    columns: list[str]
    cells: list[list[float | None]]
    texts: list[list[str]]


def matrix(results: Results, bench: str, metric: str | None = None) -> Matrix:
    """Return contenders by sizes, each cell relative to the best of its column."""
    about = comparison(results, bench)
    wanted = metric or about["metric"]
    higher = about["better"].get(wanted, "lower") == "higher"
    found = entries(results, bench, wanted)
    rows = list(dict.fromkeys(entry["contender"] for entry in found))
    columns = list(dict.fromkeys(size_key(entry["size"]) for entry in found))
    at = {(e["contender"], size_key(e["size"])): e for e in found if "median" in e}
    cells: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    texts = [["not measured"] * len(columns) for _ in rows]
    for x, column in enumerate(columns):
        medians = [at[row, column]["median"] for row in rows if (row, column) in at]
        positive = [median for median in medians if median > 0]
        best = (max(positive) if higher else min(positive)) if positive else None
        for y, row in enumerate(rows):
            entry = at.get((row, column))
            if entry is None or best is None or entry["median"] <= 0:
                continue
            share = best / entry["median"] if higher else entry["median"] / best
            cells[y][x] = math.log2(share)
            texts[y][x] = f"{quantity(entry['median'], entry['unit'])} ({number(share)}x the best)"
    return Matrix(rows, columns, cells, texts)
