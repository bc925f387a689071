"""What a hunt, a run or a report found stays what it was: its values cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from velvet_testing import contracts, corpus, doubles, flaky, shootout, strategies
from velvet_testing.hunt import Hunting
from velvet_testing.kit import Kit
from velvet_testing.mutation import engine, operators
from velvet_testing.schedule import Stepper, explore

ORDER = doubles.Order("a", "Ann", 100)


def failing(module: ModuleType) -> None:
    assert module.x == 1


def outcome(folder: Path) -> engine.Outcome:
    target = folder / "one.py"
    target.write_text("x = 1\n", encoding="utf-8")
    return engine.run(target, failing).outcomes[0]


def evaluated() -> Kit:
    kit = corpus.find("pager").kit
    assert kit.evaluate(ModuleType("empty"), "1 + 1") == 2
    return kit


def wrong(_state: object) -> None:
    raise AssertionError("wrong")


VALUES: list[Callable[[Path], Any]] = [
    lambda folder: corpus.find("pager"),
    lambda folder: evaluated(),
    lambda folder: corpus.find("async_pool").kit.races[0],
    lambda folder: corpus.find("ttl_lru").kit.machine,
    lambda folder: corpus.bugs("pager")[0],
    lambda folder: corpus.bugs("pager")[0].edits[0],
    lambda folder: contracts.drift(
        contracts.GatewayContract, doubles.FakeGateway, doubles.FakeGateway
    ),
    lambda folder: doubles.paid(ORDER, "r-1", 1.0),
    lambda folder: flaky.find_polluters(["a"], "v", runner=lambda before: not before),
    lambda folder: Hunting("fuzz").finding("x", ValueError("no")),
    lambda folder: shootout.Scoreboard([shootout.Hunt("a", "x", 1, "FOUND", 0.1)])._of("a")[0],
    lambda folder: next(operators.mutants("x = 1")),
    lambda folder: explore(lambda: (None, [Stepper().pause()]), wrong),
    lambda folder: strategies.by_name("random_crash"),
    lambda folder: strategies.by_name("property"),
    lambda folder: strategies.by_name("stateful"),
    outcome,
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[Path], Any], tmp_path: Path) -> None:
    value = make(tmp_path)

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)
