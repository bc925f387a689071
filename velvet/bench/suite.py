"""The suite of a `measure.py`: its comparisons, its claims, and the figures of others beside ours.

A suite reaches up to nothing: `velvet.bench.command.main(suite)` runs it, a child process imports
its file and looks up its contenders by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from velvet.bench.claims import Condition
from velvet.bench.model import LABEL, TIERS, Comparison, Size, Tier, matches, size_key

Event = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How one run is made; recorded in its results."""

    tier: Tier = "default"
    filter: str = ""
    contenders: tuple[str, ...] = ()
    processes: int | None = None
    rounds: int | None = None
    seed: int = 20260101
    hashseed: int | None = None
    affinity: tuple[int, ...] = ()
    only_claims: bool = False
    second_look: bool = True


@dataclass(frozen=True)
class Claim:
    """A sentence about performance with the condition that can refute it."""

    text: str
    condition: Condition
    needs: tuple[str, ...] = ()
    tier: Tier = "quick"

    @property
    def benches(self) -> list[str]:
        """The comparisons that it looks at."""
        named = (bench for part in self.condition.parts for bench in part.operand.benches)
        return list(dict.fromkeys(named))


@dataclass(frozen=True)
class Published:
    """A figure of others, quoted beside ours with its source."""

    bench: str
    contender: str
    metric: str
    value: float
    source: str
    size: Size = field(default_factory=dict)


class Suite:
    """The benchmarks of one module.

    Args:
        name: the module's folder, such as ``09-concurrency``.
        file: the measure file that declares it, which child processes import.
    """

    def __init__(self, name: str, file: str | Path) -> None:
        self.name = name
        self.file = Path(file).resolve()
        self.comparisons: dict[str, Comparison] = {}
        self.claims: list[Claim] = []
        self.figures: list[Published] = []

    def comparison(self, name: str, **options: Any) -> Comparison:
        """Declare contenders on one workload under a new name; see `Comparison` for the options."""
        if name in self.comparisons:
            raise ValueError(f"comparison {name!r} is declared twice")
        self.comparisons[name] = Comparison(name, **options)
        return self.comparisons[name]

    def claim(
        self,
        text: str,
        condition: Condition,
        *,
        needs: str | Iterable[str] = (),
        tier: Tier = "quick",
    ) -> None:
        """Add a claim.

        Args:
            needs: its preconditions, ``"calm"`` among them.
            tier: the smallest tier that judges it, for one about sizes that `quick` leaves out.
        """
        wanted = (needs,) if isinstance(needs, str) else tuple(needs)
        self.claims.append(Claim(text, condition, wanted, tier))

    def published(
        self,
        bench: str,
        figures: Mapping[tuple[str, str], float],
        *,
        source: str,
        size: Size | None = None,
    ) -> None:
        """Quote figures of others: (contender, metric) -> value in the comparison's unit.

        They are about the sizes that match `size`, all by default; an undeclared comparison or
        contender is a ValueError.
        """
        comparison = self.comparisons.get(bench)
        about = dict(size or {})
        for (contender, metric), figure in figures.items():
            if comparison is None or contender not in comparison.contenders:
                raise ValueError(f"published figure for unknown {bench}/{contender}")
            self.figures.append(Published(bench, contender, metric, float(figure), source, about))

    def problems(self) -> list[str]:
        """Return what is wrong with the declarations, a sentence each; measures nothing."""
        found = [one for comparison in self.comparisons.values() for one in _wrong(comparison)]
        texts = [claim.text for claim in self.claims]
        found += [f"two claims say {text!r}" for text in set(texts) if texts.count(text) > 1]
        for claim in self.claims:
            found += [f"claim {claim.text!r}: {one}" for one in self._wrong_claim(claim)]
        for figure in self.figures:
            comparison = self.comparisons[figure.bench]
            where = f"published {figure.bench}/{figure.contender}"
            own = {comparison.main_metric, *comparison.metrics}
            if figure.metric not in own and not figure.metric.endswith(("_mb", "cpu_s")):
                found.append(f"{where}: there is no metric {figure.metric!r}")
            if not any(matches(size, figure.size) for size in comparison.sizes):
                found.append(f"{where}: there is no size {size_key(figure.size)!r}")
            if not figure.value > 0 or not figure.source:
                found.append(f"{where}: a published figure is positive and names its source")
        return found

    def _wrong_claim(self, claim: Claim) -> Iterator[str]:
        yield from _bad_needs(need for need in claim.needs if need != "calm")
        for part in claim.condition.parts:
            operand = part.operand
            known = [self.comparisons[name] for name in operand.benches if name in self.comparisons]
            for bench in operand.benches:
                if bench not in self.comparisons:
                    yield f"there is no comparison {bench!r}"
            for name in operand.contenders:
                rows = [one for one in known if name in one.contenders]
                if not rows:
                    yield f"there is no contender {name!r}"
                for one in rows:
                    tier = max(claim.tier, one.tier, key=TIERS.index)
                    sizes = one.sizes if operand.over == "*" else one.in_tier(tier)
                    takes = one.contenders[name].takes
                    if not any(matches(s, operand.size) and takes(s) for s in sizes):
                        where = size_key(operand.size) or "any size"
                        yield f"{one.name}/{name} is not measured at {where} in tier {tier}"
            axes = {axis for one in known for size in one.sizes for axis in size}
            if operand.over not in ("", "*", *axes):
                yield f"there is no axis {operand.over!r} to grow over"


def _wrong(comparison: Comparison) -> Iterator[str]:
    """Yield what is wrong with one comparison."""
    where = comparison.name
    if not comparison.contenders:
        yield f"{where}: it has no contender"
    sizes = comparison.in_tier(comparison.tier)
    if not sizes:
        yield f"{where}: its tier {comparison.tier!r} has no size"
    for size in sizes:
        if not any(one.takes(size) for one in comparison.contenders.values()):
            yield f"{where}: no contender takes the size {size_key(size)!r}"
    if comparison.inputs is not None and not (comparison.same or comparison.checker):
        yield f"{where}: with inputs= it needs same_result() or check(), or nothing is asked of them"
    for one in comparison.contenders.values():
        yield from (f"{where}/{one.name}: {problem}" for problem in _bad_needs(one.needs))
        if one.tuned_of and one.tuned_of not in comparison.contenders:
            yield f"{where}/{one.name}: tuned_of names no contender: {one.tuned_of!r}"
        if one.tuned_of and not one.note:
            yield f"{where}/{one.name}: a tuned contender needs a note that says what is changed"
    if comparison.kind != "value":
        labels = [name for name, metric in comparison.metrics.items() if metric.unit == LABEL]
        yield from (f"{where}: {name!r} is a label, which only kind='value' has" for name in labels)


def _bad_needs(needs: Iterable[str]) -> Iterator[str]:
    from velvet.catalog import SERVICES  # here, because every measured child imports this file
    from velvet.needs import unmet

    for need in needs:
        if need in SERVICES:
            continue  # known, and not to be started for this
        try:
            unmet(need)
        except ValueError as error:
            yield str(error)
