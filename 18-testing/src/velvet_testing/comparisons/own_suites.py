"""Test the tests: files of this module's own lesson, and the whole lesson of every module.

What survives is listed, equivalent mutants that no test could tell among them (the size of a
buffer, a patience): the score of a module is a lower bound of what its tests notice. Mutants of
lines that none of the tests here reaches, because theirs need a server, are counted apart; tests
that fail while lines are traced, such as those that measure time, judge nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path

import coverage

from velvet import catalog
from velvet.bench import Estimate, Metric, Suite, value
from velvet.bench.model import LABEL, Absent
from velvet_testing.mutation import engine, package

LIMIT = 16
PACKAGE_LIMIT = 40
ASKED = "VELVET_WHOLE_SUITES"

OURS = "18-testing"
# file of our lesson -> the file of its tests
OWN = {
    "flaky": "flaky_and_snapshots",
    "snapshot": "flaky_and_snapshots",
    "schedule": "time_and_schedules",
    "doubles": "time_and_schedules",
    "mutation/operators": "operators",
}
_APART = {"comparisons", "contenders", "dashboard", "samples"}
# The plugins and options of this repository's settings, which the engine leaves out.
_WORDS = [
    *(f"-p{name}" for name in ("velvet.passwords", "velvet.testing", "timeout", "asyncio")),
    *("-pbenchmark", "-phypothesispytest", "--benchmark-disable"),
    *("-o", "filterwarnings=error", "-o", "asyncio_default_fixture_loop_scope=function"),
    *("-o", "markers=integration\nbrowser\nclaim\nslow"),
    *("-m", "not integration and not browser and not slow"),
    # They trace each step themselves, which ends a process that is traced already (Python 3.12).
    *("-k", "not interrupt_at_any_step"),
]
_DOCTESTS = "tests/test_module.py::TestModule::test_the_examples_in_docstrings_are_true"


def lesson(folder: Path) -> dict[Path, Collection[int] | None]:
    """Return the files of a module's lesson, each with the lines that coverage counts."""
    counted = coverage.Coverage(None, config_file=str(folder.parent / "pyproject.toml"))
    found: dict[Path, Collection[int] | None] = {}
    for path in sorted(folder.glob("src/**/*.py")):
        if not _APART.intersection(path.parts):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            found[path] = set(range(1, lines + 1)).difference(counted.analysis2(str(path))[2])
    return found


def tests_of(folder: Path) -> list[str]:
    """Return the tests of a module that need no server, and its doctests."""
    kinds = dict.fromkeys(one.parent.name for one in sorted(folder.glob("tests/*/test_*.py")))
    return [*(f"tests/{kind}" for kind in kinds if kind != "dashboard"), _DOCTESTS]


def report_of(folder: Path, limit: int = PACKAGE_LIMIT) -> package.PackageReport:
    """Return what the suite of a module does to mutants of its lesson."""
    return package.score(
        lesson(folder),
        tests_of(folder),
        cwd=folder,
        root=folder.parent,
        limit=limit,
        words=_WORDS,
        everywhere=["test_a_dataclass_is_frozen_or_declared_as_mutable"],
        workers=min(2, os.cpu_count() or 1),
    )


def told(survivors: Iterable[object]) -> str:
    """Return survivors as text for a table."""
    words = [" ".join(f"{one}".split()).replace("`", "'")[:70] for one in survivors]
    return ", ".join(f"`{one}`" for one in words) or "none"


def _file(name: str) -> Callable[[], dict[str, float | str]]:
    root = catalog.repository(Path(__file__)) / OURS
    tests = root / "tests" / "unit" / f"test_{OWN[name]}.py"
    target = root / "src" / "velvet_testing" / f"{name}.py"
    report = engine.run(target, [*_WORDS, str(tests)], cwd=root, limit=LIMIT)

    def run() -> dict[str, float | str]:
        return {
            "score": report.score or 0.0,
            "survived": float(len(report.survivors)),
            "tests": float(report.tests),
            "survivors": told(report.survivors),
        }

    return run


def _whole(folder: Path) -> Callable[[], dict[str, Estimate | float | str]]:
    if not os.environ.get(ASKED):
        raise Absent(f"runs the whole suite of every module; {ASKED}=1 asks for it")
    report = report_of(folder)

    def run() -> dict[str, Estimate | float | str]:
        alive = [f"{path.stem}.py {mutant}" for path, mutant in report.alive]
        return {
            "score": Estimate(report.score or 0.0, *report.interval, report.judged),
            "mutants": float(report.judged),
            "survived": float(len(alive)),
            "unreached": float(report.count(engine.Status.NO_COVERAGE)),
            "tests": float(report.tests),
            "survivors": told(alive),
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claim."""
    killed = {"score": Metric("killed", "higher"), "survived": "mutants", "tests": "tests"}
    files = suite.comparison(
        "own_suites",
        title=f"Suites of this module, by {LIMIT} mutants spread over one file each",
        kind="value",
        unit="killed",
        metrics={**killed, "survivors": LABEL},
        limit=1200,
        tier="default",
    )
    for name in OWN:
        files.add(f"{OURS}/{name}", partial(_file, name))
    suite.claim(
        "the suite of our own flaky-test file kills at least 60 % of its mutants",
        value("own_suites", f"{OURS}/flaky", "score") >= 0.6,
        tier="default",
    )
    whole = suite.comparison(
        "whole_suites",
        title=f"The suite of every module, by {PACKAGE_LIMIT} mutants spread over its whole lesson;"
        " texts are left alone",
        kind="value",
        unit="killed",
        metrics={**killed, "mutants": "mutants", "unreached": "mutants", "survivors": LABEL},
        limit=1200,
        tier="default",
    )
    for folder in sorted(catalog.repository(Path(__file__)).glob("[0-9][0-9]-*")):
        if (folder / "module.toml").is_file():
            whole.add(folder.name, partial(_whole, folder), needs="linux")
