"""False reds and missed bugs of five styles; what a double costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from unittest.mock import MagicMock, Mock, create_autospec

from velvet.bench import Suite, speedup, value
from velvet_testing import fragility
from velvet_testing.doubles import FakeGateway


def _style(name: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        (row,) = fragility.run([name])
        return {
            "false_reds": float(len(row.false_reds)),
            "missed": float(len(row.missed)),
            "suite_ms": round(row.seconds * 1e3, 2),
            "lines": float(row.lines),
        }

    return run


MAKERS: dict[str, Callable[[], Any]] = {
    "fake": FakeGateway,
    "mock": lambda: Mock(charge=Mock(return_value="r")),
    "magic_mock": MagicMock,
    "autospec": lambda: create_autospec(FakeGateway, instance=True),
}


def _create(name: str) -> Callable[[], str]:
    make = MAKERS[name]
    return lambda: type(make()).__name__  # a double itself looks like unfinished work


def _call(name: str) -> Callable[[], Any]:
    double = MAKERS[name]()
    if name != "fake":
        double.charge.return_value = "receipt"
    return lambda: double.charge("k", 100)


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    styles = suite.comparison(
        "fragility",
        title="Sixteen refactorings that change nothing, fourteen edits that break something",
        kind="value",
        unit="reds",
        metrics={"false_reds": "reds", "missed": "bugs", "suite_ms": "ms", "lines": "lines"},
        limit=1200,
    )
    for name in fragility.STYLES:
        tier = "default" if name == "integration" else "quick"
        styles.add(name, partial(_style, name), tier=tier)

    create = suite.comparison("double_creation", title="Create a double of a class", unit="us")
    call = suite.comparison("double_call", title="Call a method of a double", unit="us")
    for name in MAKERS:
        create.add(name, partial(_create, name))
        call.add(name, partial(_call, name))
    create.check(lambda made: made.endswith(("Gateway", "Mock")))
    call.check(lambda answer: answer is not None)

    suite.claim(
        "strict mocks go red on at least 6 of 16 harmless refactorings, fakes on none",
        (value("fragility", "strict_mock", "false_reds") >= 6)
        & value("fragility", "fake", "false_reds").equals(0)
        & value("fragility", "fake_with_contract", "false_reds").equals(0),
    )
    suite.claim(
        "a fake alone misses at least 3 of 14 bugs, autospec at least 4, a fake with a contract none",
        (value("fragility", "fake", "missed") >= 3)
        & (value("fragility", "autospec", "missed") >= 4)
        & value("fragility", "fake_with_contract", "missed").equals(0),
    )
    suite.claim(
        "a call of a fake is at least 10x cheaper than one of a MagicMock",
        speedup("double_call", "fake", "magic_mock") >= 10,
    )
    suite.claim(
        "an autospec costs at least 3x as much to create as a MagicMock",
        speedup("double_creation", "magic_mock", "autospec") >= 3,
    )
