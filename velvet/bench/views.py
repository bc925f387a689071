"""Tables and matrices made from a results document; nothing here measures or rounds away.

One set of functions serves the terminal, the READMEs and the dashboards, so the three can
never disagree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from velvet.bench import figures
from velvet.bench.figures import number as number
from velvet.bench.figures import quantity as quantity
from velvet.bench.model import size_key as size_key

Results = Mapping[str, Any]
DAGGER = "†"
VERDICTS = ("HOLDS", "FAILS", "INCONCLUSIVE")


@dataclass(frozen=True)
class Line:
    """One row of a comparison's table, ready to be shown.

    Attributes:
        versus: how it stands to the baseline, with its interval; empty for that one.
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
    wanted = {"a": entry["contender"], **{key: entry[key] for key in ("bench", "metric", "size")}}
    return next((pair for pair in results["pairs"] if wanted.items() <= pair.items()), None)


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
    notes = {one["name"]: _note(one) for one in about["contenders"]}
    table = []
    for entry in entries(results, bench, metric, **(size or {})):
        wanted = metric or about["metric"]
        better = about["better"].get(wanted, "lower")
        published = _published(results, entry, wanted)
        note = [notes.get(entry["contender"], "")]
        versus = quotient = ""
        if "label" in entry:
            figure = entry["label"]
        elif "median" not in entry:
            state = "not measured: " if "skipped" in entry else "failed: "
            note.insert(0, state + entry.get("skipped", entry.get("error", "")))
            figure = versus = quotient = "-"
        else:
            figure = quantity(entry["median"], entry["unit"])
            if entry.get("extrapolated"):
                figure += f" {DAGGER}"
                note.insert(0, f"{DAGGER} extrapolated from {entry['measured_n']} measured")
            pair = _pair(results, entry)
            versus = figures.gain(pair, better, entry["unit"]) if pair else ""
            if published:
                share = entry["median"] / published["value"]
                quotient = figures.against(share, better, entry["unit"])
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


def _note(contender: Mapping[str, Any]) -> str:
    tuned = contender.get("tuned_of")
    return f"tuned settings of {tuned}: {contender['note']}" if tuned else str(contender["note"])


def _published(results: Results, entry: Mapping[str, Any], metric: str) -> Mapping[str, Any] | None:
    wanted = {"bench": entry["bench"], "contender": entry["contender"], "metric": metric}
    for found in results["published"]:
        if wanted.items() <= found.items() and _matches(entry["size"], found.get("size", {})):
            return dict(found)
    return None


def _other(results: Results, entry: Mapping[str, Any], metric: str) -> str:
    wanted = {"metric": metric, **{key: entry[key] for key in ("bench", "contender", "size")}}
    rows: list[Mapping[str, Any]] = [e for e in results["results"] if wanted.items() <= e.items()]
    found = rows[0] if rows else {}
    if "label" in found:
        return str(found["label"])
    return quantity(found["median"], found["unit"]) if "median" in found else "-"


def markdown(table: list[Line], *, figure: str = "measured", versus: str = "against") -> str:
    """Write lines as a Markdown table, leaving out columns that are empty throughout."""
    sizes = {line.size for line in table}
    where = f" at {sizes.pop()}" if len(sizes) == 1 and "" not in sizes else ""
    heads = ["contender", "size", figure + where]
    heads += [name for name, _ in (table[0].more if table else ())]
    heads += [versus, "published", "ours against it", "notes"]
    rows = []
    for line in table:
        more = [shown for _, shown in line.more]
        cells = [line.contender, "" if where else line.size, line.figure, *more]
        rows.append([*cells, line.versus, line.published, line.quotient, line.notes])
    keep = [n for n in range(len(heads)) if n in (0, 2) or any(row[n] for row in rows)]
    sides = {0: "---", len(heads) - 1: "---"}
    return grid(
        [heads[n] for n in keep],
        [[row[n] for n in keep] for row in rows],
        [sides.get(n, "---:") for n in keep],
    )


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
            names = found.setdefault(entry["skipped"], [])
            if entry["contender"] not in names:
                names.append(entry["contender"])
    return found


def _spans(
    results: Results, bench: str, metric: str, size: Mapping[str, Any]
) -> dict[str, tuple[float, float, float]]:
    """Return (figure, low, high) of each contender at one size, so that less is better.

    They are ratios to the baseline with their intervals, where every contender has one; else the
    figures with the middle eight tenths of their samples.
    """
    about = comparison(results, bench)
    found = [entry for entry in entries(results, bench, metric, **size) if "median" in entry]
    pairs = {entry["contender"]: _pair(results, entry) for entry in found}
    paired = all(pairs[name] or name == about.get("baseline") for name in pairs)
    spans = {}
    for entry in found:
        pair = pairs[entry["contender"]]
        if paired:
            middle = pair["ratio"] if pair else 1.0
            ends = (pair["lo"], pair["hi"]) if pair else (None, None)
        else:
            middle = entry["median"]
            ends = (entry.get("lo", entry.get("p10")), entry.get("hi", entry.get("p90")))
        low, high = (middle if end is None else end for end in ends)
        higher = about["better"].get(metric, "lower") == "higher"
        spans[entry["contender"]] = (-middle, -high, -low) if higher else (middle, low, high)
    return spans


def ties(results: Results, bench: str, metric: str, size: Mapping[str, Any], *two: str) -> bool:
    """Whether the measured ratio of two contenders at one size has an interval that holds 1."""
    wanted = {"bench": bench, "metric": metric, "size": size}
    for pair in (*results["pairs"], *results.get("neighbours", ())):
        if wanted.items() <= pair.items() and {pair["a"], pair["b"]} == set(two):
            return pair["lo"] is not None and bool(pair["lo"] <= 1 <= pair["hi"])
    return False


def ranks(results: Results, bench: str, metric: str | None = None, **size: Any) -> list[list[str]]:
    """Return the contenders of one size in groups, the best first; a group is a tie.

    Neighbours whose measured ratio has an interval that holds 1 are never ranked; in results that
    keep no ratio of neighbours, those whose intervals overlap.
    """
    wanted = metric or comparison(results, bench)["metric"]
    spans = _spans(results, bench, wanted, size)
    steps = {
        (pair["a"], pair["b"]): pair["lo"] is not None and pair["lo"] <= 1 <= pair["hi"]
        for pair in results.get("neighbours", ())
        if (pair["bench"], pair["metric"]) == (bench, wanted) and _matches(pair["size"], size)
    }
    groups: list[list[str]] = []
    before = ""
    for name in sorted(spans, key=lambda name: spans[name][0]):
        tie = bool(before) and spans[name][1] <= spans[before][2]
        if steps.get((before, name), steps.get((name, before), tie)):
            groups[-1].append(name)
        else:
            groups.append([name])
        before = name
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
    about = comparison(results, bench)
    wanted = metric or about["metric"]
    higher = about["better"].get(wanted, "lower") == "higher"
    found = entries(results, bench, wanted)
    rows = list(dict.fromkeys(entry["contender"] for entry in found))
    columns = {size_key(entry["size"]): entry["size"] for entry in found}
    at = {(e["contender"], size_key(e["size"])): e for e in found if "median" in e}
    cells: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    texts = [["not measured"] * len(columns) for _ in rows]
    for x, (column, size) in enumerate(columns.items()):
        medians = [at[row, column]["median"] for row in rows if (row, column) in at]
        positive = [median for median in medians if median > 0]
        best = (max(positive) if higher else min(positive)) if positive else None
        first = next(iter(ranks(results, bench, wanted, **size)), [])
        for y, row in enumerate(rows):
            entry = at.get((row, column))
            if entry is None or best is None or entry["median"] <= 0:
                continue
            share = best / entry["median"] if higher else entry["median"] / best
            top = row in first
            cells[y][x] = 0.0 if top else math.log2(share)
            place = (
                ("best" if len(first) == 1 else "ties for best")
                if top
                else (f"{number(share)}x the best")
            )
            texts[y][x] = f"{quantity(entry['median'], entry['unit'])} ({place})"
    return Matrix(rows, list(columns), cells, texts)
