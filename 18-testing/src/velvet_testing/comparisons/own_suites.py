"""Test the tests: suites of this module and one of each other module, scored by our engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from velvet import catalog
from velvet.bench import Suite, value
from velvet.bench.model import LABEL, Absent, Metric
from velvet_testing.mutation import engine

LIMIT = 16
MIN_LINES = 80  # a file that short has little to mutate
TRIES = 3  # a suite whose fixtures come from a plugin is red here, and the next one is asked
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
# The plugins that the suites of this repository name in its settings, which the engine leaves out.
_WORDS = ["-p", "velvet.testing", "-p", "pytest_asyncio", "-o", "asyncio_mode=auto"]
Pair = tuple[Path, Path]


def suites() -> dict[str, list[Pair]]:
    """Return the files of lesson and tests that may be scored, by name; the first green pair is."""
    root = catalog.repository(Path(__file__))
    lesson, units = root / OURS / "src" / "velvet_testing", root / OURS / "tests" / "unit"
    found = {
        f"{OURS}/{name}": [(lesson / f"{name}.py", units / f"test_{tests}.py")]
        for name, tests in OWN.items()
    }
    for folder in sorted(root.glob("[0-9][0-9]-*")):
        if folder.name != OURS and (folder / "module.toml").is_file():
            found[folder.name] = pairs(folder)
    return found


def pairs(folder: Path) -> list[Pair]:
    """Return a module's files that unit tests bear in their names, the shortest first."""
    found = []
    for tests in sorted(folder.glob("tests/unit/test_*.py")):
        words = {tests.stem.removeprefix("test_"), *tests.stem.split("_")}
        named = (one for one in folder.glob("src/**/*.py") if one.stem in words)
        for target in (one for one in named if not _APART.intersection(one.parts)):
            lines = len(target.read_text(encoding="utf-8").splitlines())
            if lines >= MIN_LINES:
                found.append((lines, target, tests))
    return [(target, tests) for _, target, tests in sorted(found)[:TRIES]]


def report_of(name: str, chosen: list[Pair]) -> tuple[str, engine.MutationReport]:
    """Return the file that was mutated and what the engine found.

    Raises:
        Absent: no file has unit tests of its name, or all of them need more than pytest.
    """
    why = "no file has unit tests of its name"
    for target, tests in chosen:
        folder = tests.parents[2]
        words = [*_WORDS, str(tests)]
        try:
            return target.name, engine.run(target, words, cwd=folder, limit=LIMIT)
        except engine.BaselineRed as error:
            why = f"its tests are red here: {error}"
    raise Absent(f"{name}: {why}"[:120])


def told(report: engine.MutationReport) -> str:
    """Return the survivors as text for a table."""
    words = [" ".join(f"{one}".split()).replace("`", "'")[:70] for one in report.survivors]
    return ", ".join(f"`{one}`" for one in words) or "none"


def _scored(name: str, chosen: list[Pair]) -> Callable[[], dict[str, float | str]]:
    file, report = report_of(name, chosen)

    def run() -> dict[str, float | str]:
        return {
            "score": report.score or 0.0,
            "survived": float(len(report.survivors)),
            "tests": float(report.tests),
            "survivors": f"{file}: {told(report)}",
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claim."""
    scored = suite.comparison(
        "own_suites",
        title=f"Suites of this repository, by {LIMIT} mutants spread over one file each",
        kind="value",
        unit="killed",
        metrics={
            "score": Metric("killed", "higher"),
            "survived": "mutants",
            "tests": "tests",
            "survivors": LABEL,
        },
        limit=1200,
        tier="default",
    )
    for name, chosen in suites().items():
        scored.add(name, partial(_scored, name, chosen))
    suite.claim(
        "the suite of our own flaky-test file kills at least 60 % of its mutants",
        value("own_suites", f"{OURS}/flaky", "score") >= 0.6,
        tier="default",
    )
