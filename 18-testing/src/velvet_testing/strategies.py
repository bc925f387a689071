"""Twelve ways to look for a bug, behind one interface.

Each strategy is what the field calls by its name, driven by a program's kit, and knows nothing of
the bugs. `hunt` is deterministic for a seed: what a lucky seed finds, the same seed finds again.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from random import Random
from types import ModuleType
from typing import Any

from velvet_testing.corpus import Program
from velvet_testing.fuzz import CoverageGuidedFuzzer
from velvet_testing.generated import MAX_EXAMPLES, Differential, Metamorphic, Property, Stateful
from velvet_testing.hunt import Finding, Hunting, Needs, Strategy
from velvet_testing.schedule import explore

MAX_EXECUTIONS = 2000


class _Rows(Needs):
    """Rows of a table, one after another."""

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        del budget_s, seed  # a table ends by itself
        hunt = Hunting(self.name)
        for row in getattr(p.kit, self.needs[0]):
            hunt.executions += 1
            try:
                p.kit.hold(m, [row])
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(row, error)
        return None


class HappyPath(_Rows):
    """The examples that an author writes first."""

    name, needs = "happy_path", ("happy",)


class EdgeTable(_Rows):
    """Boundary value analysis: at, just below and just above every limit."""

    name, needs = "edge_table", ("edges",)


class Contract(_Rows):
    """What every implementation of the interface must do, fake or real."""

    name, needs = "contract", ("contract",)


class Snapshot(Needs):
    """Compare with what was approved when the reference was released."""

    name, needs = "snapshot", ("snapshot",)

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        del budget_s, seed
        hunt, approved = Hunting(self.name), p.module()
        for row in p.kit.snapshot:
            hunt.executions += 1
            try:
                expected, got = p.kit.evaluate(approved, row), p.kit.evaluate(m, row)
                assert got == expected, f"{got!r} was {expected!r}"
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(row, error)
        return None


@dataclass(frozen=True)
class RandomCrash(Needs):
    """Mutated inputs, blind; a crash is the only oracle."""

    max_executions: int = MAX_EXECUTIONS
    name = "random_crash"
    needs = ("seeds", "target")
    seeded = True
    guided = False

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        judge = (self.guided and p.kit.invariant) or p.kit.target
        assert judge
        hunt = Hunting(self.name)
        fuzzer = CoverageGuidedFuzzer(
            lambda value: judge(m, copy.deepcopy(value)),
            p.kit.seeds,
            Random(seed),
            files=[str(m.__file__)] if self.guided else [],
            allowed=p.kit.allowed,
        )
        result = fuzzer.run(self.max_executions, budget_s)
        hunt.executions = result.executions
        if result.error is None:
            return None
        return hunt.finding(repr(result.crash), result.error, shrunk=True)


class CoverageFuzz(RandomCrash):
    """Mutated inputs, guided by edges; the kit's invariant is the oracle."""

    name = "coverage_fuzz"
    guided = True


class FaultInjection(Needs):
    """Fail the first call to the outside, then the second, until there is none left."""

    name, needs = "fault_injection", ("fault",)

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        assert p.kit.fault is not None
        del budget_s, seed
        hunt, again = Hunting(self.name), True
        while again:
            hunt.executions += 1
            try:
                again = p.kit.fault(m, hunt.executions)
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(f"call {hunt.executions} fails", error, shrunk=True)
        return None


class ScheduleExplorer(Needs):
    """Every interleaving with at most two preemptions."""

    name, needs = "schedule_explorer", ("races",)

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        del budget_s, seed
        hunt = Hunting(self.name)
        for race in p.kit.races:
            failure = explore(lambda race=race: race.make(m), race.check)  # type: ignore[misc]
            hunt.executions += failure.schedules if failure else 1
            if failure is not None:
                return hunt.finding(f"schedule {list(failure.choices)}", failure.error, shrunk=True)
        return None


ALL: tuple[type[Any], ...] = (
    HappyPath,
    EdgeTable,
    RandomCrash,
    CoverageFuzz,
    Property,
    Stateful,
    Differential,
    Metamorphic,
    Snapshot,
    Contract,
    FaultInjection,
    ScheduleExplorer,
)


def strategies(*, shrink: bool = True, max_examples: int = MAX_EXAMPLES) -> tuple[Strategy, ...]:
    """Return one of each strategy; without shrinking a hunt ends at the first failure."""
    generated = {"shrink": shrink, "max_examples": max_examples}
    return tuple(
        one(**generated) if one in (Property, Stateful, Differential, Metamorphic) else one()
        for one in ALL
    )


def by_name(name: str, **options: Any) -> Strategy:
    """Return a strategy by its name, with its options."""
    for one in ALL:
        if one.name == name:
            made: Strategy = one(**options)
            return made
    raise ValueError(f"unknown strategy {name!r}: choose one of {', '.join(s.name for s in ALL)}")
