"""The declarations of the benchmarks: every row exists, every claim can be answered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet.bench import Suite
from velvet.bench.worker import load_suite
from velvet.needs import all_unmet

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ROWS_OF_THE_SPECIFICATION = {
    *("startup", "startup_anatomy", "startup_help", "startup_error", "typer_mistake"),
    *(
        "no_bytecode",
        "parse",
        "build_tree",
        "lazy_command",
        "lazy_help",
        "testing_cost",
        "footprint",
    ),
    *("completion", "progress", "output_format", "config_load"),
}


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    path, modules = list(sys.path), set(sys.modules)
    yield load_suite(BENCHMARKS / "measure.py")
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("cli_bench_", "measure_")):
            del sys.modules[name]


def benches_of(claim: Any) -> set[str]:
    return {bench for part in claim.condition.parts for bench in part.operand.benches}


def test_every_row_of_the_specification_exists(suite: Suite) -> None:
    names = list(suite.comparisons)
    missing = [
        row for row in ROWS_OF_THE_SPECIFICATION if not any(name.startswith(row) for name in names)
    ]

    assert missing == []


def test_every_claim_names_comparisons_contenders_and_sizes_that_exist(suite: Suite) -> None:
    missing = []
    for claim in suite.claims:
        for part in claim.condition.parts:
            for bench in part.operand.benches:
                comparison = suite.comparisons[bench]
                if not any(
                    all(size.get(key) == wanted for key, wanted in part.operand.size.items())
                    for size in comparison.sizes
                ):
                    missing.append(f"{bench}: {part.operand.size}")
            declared = {n for b in part.operand.benches for n in suite.comparisons[b].contenders}
            missing += [name for name in part.operand.contenders if name not in declared]

    assert missing == []


def test_claims_have_texts_of_their_own(suite: Suite) -> None:
    texts = [claim.text for claim in suite.claims]

    assert len(texts) == len(set(texts)) >= 12


def test_the_optional_framework_is_declared_as_a_need(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        for one in comparison.contenders.values():
            all_unmet(one.needs)
            if one.name.startswith("cyclopts"):
                assert "cyclopts" in " ".join(one.needs), comparison.name


def test_every_comparison_of_the_quick_tier_has_a_size(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        if comparison.tier == "quick":
            assert comparison.in_tier("quick"), comparison.name


def test_the_builders_of_a_tree_do_equal_work(suite: Suite) -> None:
    parse = sys.modules["cli_bench_parse"]

    for name, (build, need) in parse.BUILDERS.items():
        if need and all_unmet([need]):
            continue
        assert build(2, parse._collected)(list(parse.ARGV)) == parse.WANTED, name


def test_pytest_collects_every_contender_of_the_first_quick_size(suite: Suite) -> None:
    expected = sum(
        one.takes(size)
        for comparison in suite.comparisons.values()
        for size in comparison.in_tier("quick")[:1]
        for one in comparison.contenders.values()
    )

    argv = [sys.executable, "-m", "pytest", "--benchmark-disable", "--collect-only", "-q"]
    run = subprocess.run(
        [*argv, "--no-cov", str(BENCHMARKS)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert sum("::test_contender[" in line for line in run.stdout.splitlines()) == expected
