"""Verdicts: what a run says about each claim, with a second look where it is not clear.

A claim that fails or stays open is measured once more with three times the samples before
anything is reported; a claim whose precondition this machine lacks is never failed. Where a
contender itself failed, the claim fails with that error, and no busy machine excuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

from velvet.bench.claims import Condition, ContenderFailed, Finding, NotMeasured, Verdict
from velvet.bench.measured import Measured
from velvet.bench.model import Comparison, Size, matches, size_key
from velvet.bench.stats import quantile
from velvet.bench.suite import Claim, Event, Options, Suite
from velvet.needs import all_unmet

CALM_NOISE = 1.5
SECOND_LOOK = 3
_WORST_FIRST = (Verdict.FAILS, Verdict.INCONCLUSIVE, Verdict.HOLDS)
Measure = Callable[[Measured, Comparison, Size, list[str], int], Iterator[Event]]


@dataclass
class Judge:
    """Judges the claims of one run; `measure` repeats a size with some contenders."""

    suite: Suite
    options: Options
    measured: Measured
    measure: Measure

    def judge(self, claim: Claim) -> Generator[Event, None, list[Finding]]:
        """Judge a claim; what fails or stays open is measured once more with three times as much."""
        findings = self._look(claim, self.measured)
        unclear = [f for f in findings if f.verdict is not Verdict.HOLDS]
        repeat = any(f.verdict is Verdict.FAILS or f.interval for f in unclear)
        if repeat and self.options.second_look and not self._precondition(claim):
            again = Measured(self.suite)
            yield {"event": "second_look", "text": claim.text}
            for part in claim.condition.parts:
                for comparison, size, names in self._needed(part):
                    if all((comparison.name, n, size_key(size)) in again.rows for n in names):
                        continue
                    for event in self.measure(again, comparison, size, names, SECOND_LOOK):
                        yield {**event, "second_look": True}
            for bench, spins in again.spins.items():
                self.measured.spins.setdefault(bench, []).extend(spins)
            findings = [replace(one, again=True) for one in self._look(claim, again)]
        return findings

    def _precondition(self, claim: Claim) -> str:
        problems = [str(problem) for problem in all_unmet(n for n in claim.needs if n != "calm")]
        spins = self.measured.noise_of(claim.benches) or self.measured.noise_of()
        index = noise_index(spins) if "calm" in claim.needs else 1.0
        if index > CALM_NOISE:
            problems.append(f"the machine is busy (noise {index:.1f}x)")
        return "; ".join(problems)

    def _look(self, claim: Claim, measured: Measured) -> list[Finding]:
        missing = self._precondition(claim)
        findings = []
        for part in claim.condition.parts:
            failed = False
            try:
                found = part.judge(measured)
            except NotMeasured as error:
                failed = isinstance(error, ContenderFailed)
                verdict = Verdict.FAILS if failed else Verdict.INCONCLUSIVE
                found = Finding(verdict, part.operand.text, None, part.bound, str(error))
            if missing and not failed and found.verdict is not Verdict.HOLDS:
                found = replace(found, verdict=Verdict.INCONCLUSIVE, reason=missing)
            findings.append(found)
        return sorted(findings, key=lambda found: _WORST_FIRST.index(found.verdict))

    def _needed(self, part: Condition) -> Iterator[tuple[Comparison, Size, list[str]]]:
        """Yield the sizes and contenders that a condition looks at."""
        operand, tier = part.operand, self.options.tier
        for bench in dict.fromkeys(operand.benches):
            comparison = self.suite.comparisons[bench]
            named = [n for n in dict.fromkeys(operand.contenders) if n in comparison.contenders]
            at = [
                (size, [n for n in named if comparison.contenders[n].takes(size, tier)])
                for size in comparison.in_tier(tier)
                if matches(size, {k: v for k, v in operand.size.items() if k in size})
            ]
            if not operand.over:
                at = [(size, names) for size, names in at if names == named][-1:]
            for size, names in at:
                due = [name for name in names if not self.measured.row(bench, name, size).skipped]
                if due:
                    yield comparison, size, due


def noise_index(spins: list[float]) -> float:
    """Return p90 over p10 of a fixed piece of work; 1.0 is a silent machine."""
    return quantile(spins, 0.9) / quantile(spins, 0.1) if len(spins) > 1 else 1.0


def noise(measured: Measured, before: Event, after: Event) -> Event:
    """Describe how disturbed a run was: the spread of a fixed spin, load and stolen ticks."""
    spins = measured.noise_of()
    steal = (before["steal"], after["steal"])
    return {
        "index": round(noise_index(spins), 2),
        "spin_ms": round(quantile(spins, 0.5) * 1e3, 3) if spins else None,
        "load_before": before["load"],
        "load_after": after["load"],
        "steal_ticks": None if None in steal else steal[1] - steal[0],
    }
