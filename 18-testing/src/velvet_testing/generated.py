"""Strategies that let Hypothesis make the inputs: properties, relations, oracles, state machines."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given
from hypothesis import seed as with_seed
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from velvet_testing.corpus import Program
from velvet_testing.hunt import Finding, Hunting, Needs
from velvet_testing.kit import Kit, Machine, answer

MAX_EXAMPLES = 200
STEPS = 20


@dataclass(frozen=True)
class _Generated(Needs):
    """Inputs made by Hypothesis, and one judgement of each."""

    max_examples: int = MAX_EXAMPLES
    shrink: bool = True
    seeded = True

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any]:
        judged: Callable[[Any, Any], Any] = getattr(kit, self.needs[1])
        return judged

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        judge, hunt = self.judge(p.kit), Hunting(self.name)
        assert p.kit.inputs is not None
        failing: list[tuple[str, BaseException]] = []

        @with_seed(seed)
        @_settings(self.max_examples, self.shrink)
        @given(p.kit.inputs)
        def test(x: Any) -> None:
            if hunt.over(budget_s):
                return
            hunt.executions += 1
            with _noted(failing, lambda: repr(x)):
                judge(m, x)

        return _run(hunt, test, failing, self.shrink)


class Property(_Generated):
    """Properties of the answers (Hypothesis `@given`)."""

    name, needs = "property", ("inputs", "check")


class Metamorphic(_Generated):
    """Relations between the answers to related inputs; no oracle is needed."""

    name, needs = "metamorphic", ("inputs", "relate")


class Differential(_Generated):
    """The same answer as a slow program that is obviously right."""

    name, needs = "differential", ("inputs", "exercise", "oracle")

    def judge(self, kit: Kit) -> Callable[[Any, Any], Any]:
        exercise, oracle = super().judge(kit), kit.oracle
        assert oracle is not None

        def agree(m: Any, x: Any) -> None:
            expected, got = oracle(copy.deepcopy(x)), exercise(m, x)
            assert got == expected, f"{got!r} should be {expected!r}"

        return agree


@dataclass(frozen=True)
class Stateful(Needs):
    """Random programs of operations against a model (Hypothesis state machine)."""

    max_examples: int = MAX_EXAMPLES
    shrink: bool = True
    name = "stateful"
    needs = ("machine",)
    seeded = True

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        assert p.kit.machine is not None
        hunt, failing = Hunting(self.name), list[tuple[str, BaseException]]()
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
            if hunt.over(budget_s):
                return
            args = tuple(given.values())
            self.program.append(f"{op}({', '.join(map(repr, args))})")
            with _noted(failing, lambda: "\n".join(self.program)):
                expected, got = answer(self.model, op, *args), answer(self.real, op, *args)
                assert got == expected, f"{op}: {got!r} should be {expected!r}"

        return run

    rules = {
        op: rule(**{f"a{i}": each for i, each in enumerate(args)})(step(op))  # type: ignore[call-overload]
        for op, args in machine.ops.items()
    }
    return type("Steps", (Steps,), rules)


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
    hunt: Hunting, test: Callable[[], Any], failing: list[tuple[str, BaseException]], shrink: bool
) -> Finding | None:
    try:
        test()
    except Exception as error:  # noqa: BLE001 - the finding
        counterexample, cause = failing[0] if failing else (repr(error), error)
        return hunt.finding(counterexample, cause, shrunk=shrink)
    return None
