"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from velvet import catalog
from velvet.bench.engine import Engine
from velvet.bench.model import Comparison, matches
from velvet.bench.suite import Options, Suite
from velvet.bench.worker import load_suite
from velvet_algorithms.adversary import ATTACKS

# Comparisons with a second axis, and the value of it that the lab is about.
FIXED: Mapping[str, dict[str, Any]] = {
    "sorted_containers": {"op": "mix"},
    "suffix_arrays": {"text": "random"},
}
MIN_SIZES = 4
MIN_ATTACK = 64


def suite() -> Suite:
    """Return this module's comparisons."""
    return load_suite(catalog.find("22-algorithms").folder / "benchmarks" / "measure.py")


def sizes_of(comparison: Comparison) -> list[int]:
    """Return the values of n that the lab can measure; none where growth is not the question."""
    fixed = FIXED.get(comparison.name, {})
    axes = {axis for size in comparison.sizes for axis in size}
    if comparison.kind != "micro" or axes != {"n", *fixed}:
        return []
    found = [size["n"] for size in comparison.sizes if matches(size, fixed)]
    return found if len(found) >= MIN_SIZES else []


def growth(
    comparison: str = "sorted_containers", largest: int = 100_000, contenders: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Measure contenders size by size with the harness, and yield the median of each."""
    measured = suite()
    chosen = measured.comparisons.get(comparison)
    wanted = [n for n in (sizes_of(chosen) if chosen else []) if n <= largest]
    if chosen is None or len(wanted) < 3:
        raise ValueError(f"{comparison} has no three sizes up to {largest:,}: choose a larger n.")
    if not contenders:
        raise ValueError("Choose at least one contender.")
    fixed = FIXED.get(comparison, {})
    measured.comparisons, measured.claims = {comparison: chosen}, []
    chosen.default = lambda **size: size["n"] in wanted and matches(size, fixed)
    yield {"type": "plan", "total": len(wanted) * len(contenders)}
    options = Options(processes=2, rounds=2, contenders=tuple(contenders))
    samples: dict[str, list[float]] = {}
    for event in Engine(measured, options).events():
        if event["event"] == "begin":
            samples = {}
        elif event["event"] == "round":
            for name, taken in event[chosen.clock].items():
                if taken is not None:
                    samples.setdefault(name, []).append(taken / 1e9)
        elif event["event"] in ("error", "refused"):
            yield {"type": "problem", "sentence": f"{event.get('contender')}: {event['error']}"}
        elif event["event"] == "finish":
            n = int(event["size"].split("n=")[1].split(",")[0])
            for name, found in samples.items():
                point = {"name": name, "n": n, "seconds": statistics.median(found)}
                yield {"type": "point", **point, "done": event["done"]}


def attack(name: str = "hash flood", largest: int = 2048) -> Iterator[dict[str, Any]]:
    """Attack with ever more keys, and yield what each side did and how long it took."""
    if name not in ATTACKS:
        raise ValueError(f"The attack is one of {', '.join(ATTACKS)}, not {name}.")
    if not 4 * MIN_ATTACK <= largest <= ATTACKS[name].largest:
        limit = ATTACKS[name].largest
        raise ValueError(f"The keys are {4 * MIN_ATTACK} to {limit:,}, not {largest:,}.")
    sizes = [largest >> step for step in range(largest.bit_length()) if largest >> step >= 64]
    yield {"type": "plan", "total": len(sizes)}
    for n in reversed(sizes):
        runs = [ATTACKS[name].sides(n) for _ in range(3)]
        point: dict[str, Any] = {"type": "point", "n": n}
        for side in runs[0]:
            # Of three runs the shortest; what is counted is equal in all.
            counts, times = zip(*(run[side] for run in runs), strict=True)
            point |= {f"{side}_operations": counts[0], f"{side}_seconds": min(times)}
        yield point
