"""Twelve ways to look for a bug, behind one interface.

Each strategy is what the field calls by its name, driven by a program's kit, and knows nothing of
the bugs. `hunt` is deterministic for a seed: what a lucky seed finds, the same seed finds again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from types import ModuleType
from typing import Any, ClassVar, Protocol

from hypothesis import HealthCheck, Phase, Verbosity, given
from hypothesis import seed as with_seed
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from velvet_testing.corpus import Program
from velvet_testing.fuzz import CoverageGuidedFuzzer
from velvet_testing.kit import Kit, Machine, answer
from velvet_testing.schedule import explore

MAX_EXAMPLES = 200
MAX_EXECUTIONS = 2000
STEPS = 20


@dataclass(frozen=True)
class Finding:
    """What a hunt found.

    Attributes:
        seconds: from the start of the hunt, shrinking included.
        executions: how often the program was exercised.
        counterexample: the input, the row or the calls that fail.
        shrunk: whether the counterexample was made small.
    """

    strategy: str
    seconds: float
    executions: int
    counterexample: str
    exception: str
    shrunk: bool


class Strategy(Protocol):
    """A way to look for a bug."""

    @property
    def name(self) -> str:
        """The field's name for it."""
        ...

    @property
    def seeded(self) -> bool:
        """Whether another seed may find something else."""
        ...

    def supports(self, p: Program) -> bool:
        """Whether the program's kit has what the strategy needs."""
        ...

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Look at a module for at most so many seconds."""
        ...


class _Hunt:
    """Counts executions and turns an exception into a finding."""

    def __init__(self, strategy: str) -> None:
        self.strategy, self.executions = strategy, 0
        self.started = time.perf_counter()

    def finding(
        self, counterexample: str, error: BaseException, *, shrunk: bool = False
    ) -> Finding:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        seconds = time.perf_counter() - self.started
        return Finding(self.strategy, seconds, self.executions, counterexample, said, shrunk)


class _Rows:
    """Rows of a table, one after another."""

    name: ClassVar[str]
    rows: ClassVar[str]
    seeded = False

    def supports(self, p: Program) -> bool:
        """Whether the kit has such rows."""
        return bool(getattr(p.kit, self.rows))

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Return the first row that does not hold."""
        hunt = _Hunt(self.name)
        for row in getattr(p.kit, self.rows):
            hunt.executions += 1
            try:
                p.kit.hold(m, [row])
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(row, error)
        return None


class HappyPath(_Rows):
    """The examples that an author writes first."""

    name, rows = "happy_path", "happy"


class EdgeTable(_Rows):
    """Boundary value analysis: at, just below and just above every limit."""

    name, rows = "edge_table", "edges"


class Contract(_Rows):
    """What every implementation of the interface must do, fake or real."""

    name, rows = "contract", "contract"


class Snapshot:
    """Compare with what was approved when the reference was released."""

    name = "snapshot"
    seeded = False

    def supports(self, p: Program) -> bool:
        """Whether anything was approved."""
        return bool(p.kit.snapshot)

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Return the first expression whose value differs from the approved one."""
        hunt, approved = _Hunt(self.name), p.module()
        for row in p.kit.snapshot:
            hunt.executions += 1
            try:
                expected, got = p.kit.evaluate(approved, row), p.kit.evaluate(m, row)
                assert got == expected, f"{got!r} was {expected!r}"
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(row, error)
        return None


@dataclass(frozen=True)
class RandomCrash:
    """Mutated inputs, blind; a crash is the only oracle."""

    max_executions: int = MAX_EXECUTIONS
    name: ClassVar[str] = "random_crash"
    seeded: ClassVar[bool] = True

    def supports(self, p: Program) -> bool:
        """Whether there is something to mutate."""
        return bool(p.kit.seeds) and p.kit.target is not None

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Mutate until something crashes."""
        assert p.kit.target is not None
        return _fuzz(self.name, partial(p.kit.target, m), p, seed, self.max_executions, budget_s)


@dataclass(frozen=True)
class CoverageFuzz:
    """Mutated inputs, guided by edges; the kit's invariant is the oracle."""

    max_executions: int = MAX_EXECUTIONS
    name: ClassVar[str] = "coverage_fuzz"
    seeded: ClassVar[bool] = True

    def supports(self, p: Program) -> bool:
        """Whether there is something to mutate."""
        return bool(p.kit.seeds) and p.kit.target is not None

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Mutate towards new edges until the invariant fails."""
        judge = p.kit.invariant or p.kit.target
        assert judge is not None
        files = [str(m.__file__)] if getattr(m, "__file__", None) else []
        target = partial(judge, m)
        return _fuzz(self.name, target, p, seed, self.max_executions, budget_s, files)


def _fuzz(
    name: str,
    target: Callable[[Any], Any],
    p: Program,
    seed: int,
    executions: int,
    budget_s: float,
    files: Sequence[str] = (),
) -> Finding | None:
    hunt = _Hunt(name)
    fuzzer = CoverageGuidedFuzzer(
        lambda value: target(copy.deepcopy(value)),
        p.kit.seeds,
        Random(seed),
        files=files,
        allowed=p.kit.allowed,
    )
    result = fuzzer.run(executions, budget_s)
    hunt.executions = result.executions
    if result.error is None:
        return None
    return hunt.finding(repr(result.crash), result.error, shrunk=True)


@dataclass(frozen=True)
class _Generated:
    """Inputs made by Hypothesis, and one judgement of each."""

    max_examples: int = MAX_EXAMPLES
    shrink: bool = True
    name: ClassVar[str]
    seeded: ClassVar[bool] = True

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any] | None:
        """Return what is asked of each input."""
        raise NotImplementedError

    def supports(self, p: Program) -> bool:
        """Whether the kit can make inputs and judge them."""
        return p.kit.inputs is not None and self.judge(p.kit) is not None

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Generate, and shrink what fails."""
        judge, hunt = self.judge(p.kit), _Hunt(self.name)
        assert judge is not None
        assert p.kit.inputs is not None
        failing: list[tuple[str, BaseException]] = []

        @with_seed(seed)
        @_settings(self.max_examples, self.shrink)
        @given(p.kit.inputs)
        def test(x: Any) -> None:
            if time.perf_counter() - hunt.started > budget_s:
                return
            hunt.executions += 1
            with _noted(failing, lambda: repr(x)):
                judge(m, x)

        return _run(hunt, test, failing, self.shrink)


class Property(_Generated):
    """Properties of the answers (Hypothesis `@given`)."""

    name = "property"

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any] | None:
        """Return the kit's properties."""
        return kit.check


class Metamorphic(_Generated):
    """Relations between the answers to related inputs; no oracle is needed."""

    name = "metamorphic"

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any] | None:
        """Return the kit's relations."""
        return kit.relate


class Differential(_Generated):
    """The same answer as a slow program that is obviously right."""

    name = "differential"

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any] | None:
        """Return the comparison with the kit's oracle."""
        exercise, oracle = kit.exercise, kit.oracle
        if exercise is None or oracle is None:
            return None

        def agree(m: Any, x: Any) -> None:
            expected, got = oracle(copy.deepcopy(x)), exercise(m, x)
            assert got == expected, f"{got!r} should be {expected!r}"

        return agree


@dataclass(frozen=True)
class Stateful:
    """Random programs of operations against a model (Hypothesis state machine)."""

    max_examples: int = MAX_EXAMPLES
    shrink: bool = True
    name: ClassVar[str] = "stateful"
    seeded: ClassVar[bool] = True

    def supports(self, p: Program) -> bool:
        """Whether the kit has a model."""
        return p.kit.machine is not None

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Run machines until real and model answer differently."""
        assert p.kit.machine is not None
        hunt, failing = _Hunt(self.name), list[tuple[str, BaseException]]()
        machine = with_seed(seed)(steps_of(p.kit.machine, m, hunt, failing, budget_s))
        chosen = _settings(self.max_examples, self.shrink)
        return _run(
            hunt, lambda: run_state_machine_as_test(machine, settings=chosen), failing, self.shrink
        )


def steps_of(
    machine: Machine,
    m: ModuleType,
    hunt: Any,
    failing: list[tuple[str, BaseException]],
    budget_s: float,
) -> type[RuleBasedStateMachine]:
    """Return a state machine with a rule for each operation of a kit's machine."""

    class Steps(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            hunt.executions += 1
            self.real, self.model = machine.real(m), machine.model()
            self.program: list[str] = []

        def teardown(self) -> None:
            getattr(self.real, "close", lambda: None)()

    def step(op: str) -> Callable[..., None]:
        def run(self: Steps, **given: Any) -> None:
            if time.perf_counter() - hunt.started > budget_s:
                return
            args = tuple(given.values())
            self.program.append(f"{op}({', '.join(map(repr, args))})")
            with _noted(failing, lambda: "\n".join(self.program)):
                expected, got = answer(self.model, op, *args), answer(self.real, op, *args)
                assert got == expected, f"{op}: {got!r} should be {expected!r}"

        return run

    rules = {
        op: rule(**{f"a{i}": each for i, each in enumerate(args)})(step(op))
        for op, args in machine.ops.items()
    }
    return type("Steps", (Steps,), rules)


class FaultInjection:
    """Fail the first call to the outside, then the second, until there is none left."""

    name = "fault_injection"
    seeded = False

    def supports(self, p: Program) -> bool:
        """Whether the kit can fail a call."""
        return p.kit.fault is not None

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Fail each call in turn."""
        assert p.kit.fault is not None
        hunt, again = _Hunt(self.name), True
        while again:
            hunt.executions += 1
            try:
                again = p.kit.fault(m, hunt.executions)
            except Exception as error:  # noqa: BLE001 - the finding
                return hunt.finding(f"call {hunt.executions} fails", error, shrunk=True)
        return None


class ScheduleExplorer:
    """Every interleaving with at most two preemptions."""

    name = "schedule_explorer"
    seeded = False

    def supports(self, p: Program) -> bool:
        """Whether the kit has coroutines that run beside each other."""
        return bool(p.kit.races)

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        """Explore each race."""
        hunt = _Hunt(self.name)
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


def agreement(
    reference: Callable[..., Any], generated: SearchStrategy[Any] | None, seeds: Sequence[Any]
) -> Kit:
    """Return the kit of a function that should agree with a reference."""

    def observed(call: Callable[..., Any], x: Any) -> Any:
        try:
            value = call(*copy.deepcopy(x))
        except Exception as error:  # noqa: BLE001 - compared by its type
            return type(error).__name__
        return list(value) if isinstance(value, Iterator) else value

    def agree(m: Any, x: Any) -> None:
        expected, got = observed(reference, x), observed(m.candidate, x)
        assert got == expected, f"{got!r} should be {expected!r}"

    return Kit(
        seeds=tuple(seeds),
        target=lambda m, x: observed(m.candidate, x),
        invariant=agree,
        allowed=(),
        inputs=generated,
        exercise=lambda m, x: observed(m.candidate, x),
        check=agree,
        oracle=lambda x: observed(reference, x),
    )


def _settings(max_examples: int, shrink: bool) -> settings:
    phases = (Phase.explicit, Phase.generate, *([Phase.shrink] if shrink else []))
    return settings(
        max_examples=max_examples,
        phases=phases,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def _noted(failing: list[tuple[str, BaseException]], shown: Callable[[], str]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        failing[:] = [(shown(), error)]
        raise


def _run(
    hunt: _Hunt,
    test: Callable[[], Any],
    failing: list[tuple[str, BaseException]],
    shrink: bool,
) -> Finding | None:
    try:
        test()
    except (
        Exception
    ) as error:
        counterexample, cause = failing[0] if failing else (repr(error), error)
        return hunt.finding(counterexample, cause, shrunk=shrink)
    return None
