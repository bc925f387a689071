"""One comparison of a module, measured for Live Benchmarks in a child, and what it amounts to.

No page is imported here: the child that measures starts in the time its harness takes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from velvet import catalog
from velvet.bench import views
from velvet.bench.cli import servers_for
from velvet.bench.engine import Engine
from velvet.bench.model import TIERS, Comparison, Tier, size_key
from velvet.bench.suite import Options
from velvet.bench.worker import load_suite
from velvet.ui import guesses

TELL_EVERY_S = 0.3
Results = Mapping[str, Any]


def measured(module: str, comparison: str, winner: str, factor: float) -> Iterator[dict[str, Any]]:
    """Measure one comparison quickly, telling medians as they settle; then keep the guess.

    A comparison that the module does not declare is a ValueError.
    """
    suite = load_suite(catalog.find(module).folder / "benchmarks" / "measure.py")
    if comparison not in suite.comparisons:
        raise ValueError(f"{module} has no comparison {comparison!r}")
    # Only what was chosen: a filter would take every name that contains this one.
    suite.comparisons = {comparison: suite.comparisons[comparison]}
    suite.claims = [claim for claim in suite.claims if set(claim.benches) == {comparison}]
    options = Options(tier=smallest_tier(suite.comparisons[comparison]))
    with servers_for(suite, options):
        for event in follow(Engine(suite, options).events()):
            if event["type"] == "result":
                _keep(event, comparison, winner, factor, module)
            yield event


def smallest_tier(comparison: Comparison) -> Tier:
    """Return the smallest tier that compares anything; some comparisons have no quick part."""
    rivals = min(2, len(comparison.contenders))
    for tier in TIERS:
        sizes = comparison.in_tier(tier)
        taken = [
            one for one in comparison.contenders.values() for at in sizes if one.takes(at, tier)
        ]
        if len({one.name for one in taken}) >= rivals:
            return tier
    return "full"


def follow(events: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
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
        elif kind in ("error", "refused"):
            yield {"type": "problem", "sentence": f"{event.get('contender')}: {event['error']}"}
        elif kind in ("round", "sample"):
            for name, seconds in _seconds(event):
                samples.setdefault(name, []).append(seconds)
        elif kind == "results":
            result, samples = event["results"], {}  # nothing is told of medians after it
            yield {"type": "result", "done": done} | {
                part: result[part]
                for part in ("comparisons", "results", "pairs", "claims", "noise", "created")
            }
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


class Standing(NamedTuple):
    """One contender's gain over the baseline, with its interval: 2.0 is twice as good."""

    name: str
    gain: float
    lo: float
    hi: float


def ranking(results: Results, comparison: str, size: str = "") -> list[Standing]:
    """Return the contenders at one size, the last by default; the best first."""
    about = views.comparison(results, comparison)
    less_is_better = about["better"].get(about["metric"], "lower") == "lower"
    found = [Standing(about["baseline"] or "", 1.0, 1.0, 1.0)]
    for pair in sized(results, comparison, size):
        ends = [pair.get("lo") or pair["ratio"], pair["ratio"], pair.get("hi") or pair["ratio"]]
        if any(end <= 0 for end in ends):
            continue
        if less_is_better:
            ends = [1 / end for end in reversed(ends)]
        found.append(Standing(pair["a"], ends[1], ends[0], ends[2]))
    return sorted(found, key=lambda one: -one.gain)


def sized(results: Results, comparison: str, size: str = "") -> list[Mapping[str, Any]]:
    """Return a comparison's ratios of its own metric at one size, the last by default."""
    metric = views.comparison(results, comparison)["metric"]
    pairs = [p for p in results["pairs"] if p["bench"] == comparison and p["metric"] == metric]
    wanted = size or (size_key(pairs[-1]["size"]) if pairs else "")
    return [pair for pair in pairs if size_key(pair["size"]) == wanted]


def outcome(results: Results, comparison: str) -> tuple[list[str], float, str]:
    """Return the winners (a tie has several), their factor, and over which rival it is."""
    found = ranking(results, comparison)
    at: dict[str, Any] = next((pair["size"] for pair in sized(results, comparison)), {})
    won = views.ranks(results, comparison, None, **at)[0]
    baseline = views.comparison(results, comparison)["baseline"]
    if found[0].name == baseline:
        return won, 1 / found[1].gain, "the runner-up"
    return won, found[0].gain, baseline


def _keep(result: Results, name: str, winner: str, factor: float, module: str) -> None:
    if sized(result, name):
        won, gain, _ = outcome(result, name)
        kept = guesses.Guess(module, name, winner, factor, tuple(won), gain, result["created"])
        guesses.add(kept)
