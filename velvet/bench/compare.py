"""Two results files side by side: machines first, then ratios, then claims, then a conclusion.

Absolute times of two machines say little, so a slower one is never marked as worse. What
may be compared is the ratio between contenders within each run, and whether it agrees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from velvet.bench.figures import against, gain
from velvet.bench.model import size_key

Results = Mapping[str, Any]
SHOWN = 10
AGREE_WITHIN = 0.1


class Difference(NamedTuple):
    """One ratio in both files; `apart` is the larger of the two over the smaller one."""

    name: str
    here: str
    there: str
    agrees: bool
    apart: float


class Report(NamedTuple):
    """What `compare` found.

    Attributes:
        speed: how many times faster this machine runs a fixed piece of pure Python.
        changed: claims with different verdicts: (text, here, there).
    """

    speed: float | None
    differences: list[Difference]
    changed: list[tuple[str, str, str]]
    missing: list[str]


def _pairs(results: Results) -> dict[str, Mapping[str, Any]]:
    named = {}
    for pair in results["pairs"]:
        size = size_key(pair["size"])
        where = f" at {size}" if size else ""
        named[f"{pair['bench']}: {pair['a']} against {pair['b']} ({pair['metric']}){where}"] = pair
    return named


def _overlap(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if None in (a["lo"], a["hi"], b["lo"], b["hi"]):
        return math.isclose(a["ratio"], b["ratio"], rel_tol=AGREE_WITHIN)
    return bool(a["lo"] <= b["hi"] and b["lo"] <= a["hi"])


def compare(here: Results, there: Results) -> Report:
    """Compare two results documents of one suite, ratio by ratio."""
    mine, theirs = _pairs(here), _pairs(there)
    spins = (here["noise"]["spin_ms"], there["noise"]["spin_ms"])
    verdicts = {claim["text"]: claim["verdict"] for claim in there["claims"]}
    entries = [*there["results"], *here["results"]]
    units = {(one["bench"], one["metric"]): one["unit"] for one in entries if "unit" in one}
    better = {about["name"]: about["better"] for about in here["comparisons"]}
    differences = []
    for name in [name for name in mine if name in theirs]:
        a, b = mine[name], theirs[name]
        way = better[a["bench"]].get(a["metric"], "lower")
        shown = [gain(pair, way, units.get((a["bench"], a["metric"]), "")) for pair in (a, b)]
        less, more = sorted((a["ratio"], b["ratio"]))
        apart = 1.0 if less == more else more / less if less > 0 else math.inf
        differences.append(Difference(name, shown[0], shown[1], _overlap(a, b), apart))
    changed = [
        (claim["text"], claim["verdict"], verdicts[claim["text"]])
        for claim in here["claims"]
        if verdicts.get(claim["text"], claim["verdict"]) != claim["verdict"]
    ]
    speed = spins[1] / spins[0] if all(spins) else None
    return Report(speed, differences, changed, sorted(set(theirs) - set(mine)))


def print_comparison(
    here: Results, there: Results, console: Console, *, whole: bool = False
) -> None:
    """Print this machine beside another one: what differs most, or with `whole` every ratio."""
    found = compare(here, there)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    if found.speed is not None:
        say(f"pure Python here: {against(found.speed, 'higher', '1/s')} compared with there")
    shown, title = found.differences, "every ratio"
    if not whole:
        apart = [one for one in shown if not one.agrees]
        shown, title = sorted(apart, key=lambda one: -one.apart)[:SHOWN], "the largest differences"
    if shown:
        table = Table("ratio", "here", "there", "intervals", title=title, title_justify="left")
        for one in shown:
            table.add_row(one.name, one.here, one.there, "overlap" if one.agrees else "differ")
        console.print(table, markup=False)
    for text, mine, theirs in found.changed:
        say(f"{text}: {mine} here, {theirs} there")
    if found.missing:
        say(f"{len(found.missing)} ratios of the other file were not measured here")
    agree, total = sum(one.agrees for one in found.differences), len(found.differences)
    share = f"{agree} of {total} ratios agree ({agree / (total or 1):.0%}): their intervals overlap"
    say(share if total else "the two files share no ratio")
    if left := total - len(shown):
        say(f"{left} more ratios: --all")
