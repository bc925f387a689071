"""Test the tests: one suite of each module of this repository, scored by our engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from velvet import catalog
from velvet.bench import Suite, value
from velvet.bench.model import Absent, Metric
from velvet_testing.mutation import engine

LIMIT = 16
# module -> a file of its lesson and the tests of that file
SUITES = {
    "18-testing": ("src/velvet_testing/flaky.py", "tests/unit/test_flaky_and_snapshots.py"),
    "03-cli": ("src/velvet_cli/color.py", "tests/unit/test_color.py"),
    "04-datetime": ("src/velvet_datetime/leap.py", "tests/unit/test_leap.py"),
    "05-text": ("src/velvet_text/mojibake.py", "tests/unit/test_mojibake.py"),
    "07-http": ("src/velvet_http/policy.py", "tests/unit/test_policy.py"),
    "09-concurrency": ("src/velvet_concurrency/clock.py", "tests/unit/test_clock.py"),
    "11-numerical": ("src/velvet_numerical/broadcasting.py", "tests/unit/test_broadcasting.py"),
    "12-visualization": ("src/velvet_visualization/contrast.py", "tests/unit/test_contrast.py"),
    "17-validation": ("src/velvet_validation/streaming.py", "tests/unit/test_streaming.py"),
    "22-algorithms": ("src/velvet_algorithms/components.py", "tests/unit/test_components.py"),
}


def report_of(name: str) -> engine.MutationReport:
    """Return what the engine found in one module's suite.

    Raises:
        Absent: the module or its file is not here, or its tests need plugins of their own.
    """
    folder = catalog.repository(Path(__file__)) / name
    target, tests = (folder / part for part in SUITES[name])
    if not (target.is_file() and tests.is_file()):
        raise Absent(f"{name}: {target.name} with {tests.name} is not in this clone")
    try:
        return engine.run(target, [str(tests)], cwd=folder, limit=LIMIT)
    except engine.BaselineRed as error:
        raise Absent(f"{name}: red without its plugins: {error}"[:120]) from None


def _scored(name: str) -> Callable[[], dict[str, float]]:
    report = report_of(name)

    def run() -> dict[str, float]:
        survived = float(len(report.survivors))
        return {"score": report.score or 0.0, "survived": survived, "tests": float(report.tests)}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claim."""
    scored = suite.comparison(
        "own_suites",
        title=f"Suites of this repository, by {LIMIT} mutants spread over one file each",
        kind="value",
        unit="killed",
        metrics={"score": Metric("killed", "higher"), "survived": "mutants", "tests": "tests"},
        limit=1200,
        tier="default",
    )
    for name in SUITES:
        scored.add(name, partial(_scored, name))
    suite.claim(
        "the suite of our own flaky-test file kills at least 60 % of its mutants",
        value("own_suites", "18-testing", "score") >= 0.6,
        tier="default",
    )


def main() -> None:
    """Print the survivors of every suite: `python -m velvet_testing.comparisons.own_suites`."""
    for name in SUITES:
        try:
            report = report_of(name)
        except Absent as error:
            print(f"{name}: {error}")  # noqa: T201 - a program of its own
            continue
        print(f"{name}: score {report.score or 0:.2f}")  # noqa: T201
        for mutant in report.survivors:
            print(f"    {mutant}")  # noqa: T201


if __name__ == "__main__":
    main()
