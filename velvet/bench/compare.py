"""Two results files side by side: machines first, then ratios, then claims.

Absolute times of two machines say little, so a slower one is never marked as worse. What
may be compared is the ratio between contenders within each run, and whether it agrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from velvet.bench.model import size_key
from velvet.bench.views import interval

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One ratio in both files, and whether their intervals overlap."""

    name: str
    here: str
    there: str
    agrees: bool


@dataclass(frozen=True)
class Report:
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
        named[f"{pair['bench']}: {pair['a']} / {pair['b']} ({pair['metric']}){where}"] = pair
    return named


def _overlap(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    if None in (a["lo"], a["hi"], b["lo"], b["hi"]):
        larger = max(abs(a["ratio"]), abs(b["ratio"]))
        return bool(abs(a["ratio"] - b["ratio"]) <= 0.1 * larger)
    return bool(a["lo"] <= b["hi"] and b["lo"] <= a["hi"])


def compare(here: Results, there: Results) -> Report:
    """Compare two results documents of one suite, ratio by ratio."""
    mine, theirs = _pairs(here), _pairs(there)
    spins = (here["noise"]["spin_ms"], there["noise"]["spin_ms"])
    verdicts = {claim["text"]: claim["verdict"] for claim in there["claims"]}
    return Report(
        speed=spins[1] / spins[0] if all(spins) else None,
        differences=[
            Difference(
                name,
                interval(mine[name]),
                interval(theirs[name]),
                _overlap(mine[name], theirs[name]),
            )
            for name in mine
            if name in theirs
        ],
        changed=[
            (claim["text"], claim["verdict"], verdicts[claim["text"]])
            for claim in here["claims"]
            if verdicts.get(claim["text"], claim["verdict"]) != claim["verdict"]
        ],
        missing=sorted(set(theirs) - set(mine)),
    )
