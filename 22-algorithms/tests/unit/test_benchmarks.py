"""The benchmarks are declared completely and consistently; nothing is timed here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from velvet.bench import Suite
from velvet.bench.collect import build
from velvet.bench.worker import load_suite
from velvet.needs import all_unmet

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROWS_OF_THE_SPECIFICATION = {
    "sorted_containers",
    "priority_queues",
    "caches",
    "autocomplete",
    "union_find",
    "range_queries",
    "intervals",
    "membership_filters",
    "sketches",
    "sssp",
    "route_queries",
    "flow_and_scc",
    "edit_distance",
    "multi_pattern",
    "suffix_arrays",
    "dynamic_programming",
    "diff",
    "spell",
    "sharding",
    "external_sort",
    "adversary",
    "small_choices",
}


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    path, modules = list(sys.path), set(sys.modules)
    yield load_suite(BENCHMARKS / "measure.py")
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(("algorithms_", "measure_")):
            del sys.modules[name]


@pytest.mark.parametrize("wanted", sorted(ROWS_OF_THE_SPECIFICATION))
def test_every_row_of_the_specification_exists(suite: Suite, wanted: str) -> None:
    # A row with workloads of several kinds is several comparisons of one beginning.
    words = wanted.split("_and_")
    found = [name for name in suite.comparisons if any(name.startswith(word) for word in words)]

    assert found, f"no comparison called {wanted}, or beginning so"


def test_every_claim_names_comparisons_contenders_and_sizes_that_exist(suite: Suite) -> None:
    missing = []
    for claim in suite.claims:
        for part in claim.condition.parts:
            comparisons = [suite.comparisons[bench] for bench in part.operand.benches]
            declared = {name for one in comparisons for name in one.contenders}
            missing += [name for name in part.operand.contenders if name not in declared]
            for one in comparisons:
                if not any(
                    all(size.get(key) == wanted for key, wanted in part.operand.size.items())
                    for size in one.sizes
                ):
                    missing.append(f"{claim.text}: {part.operand.size} of {one.name}")

    assert missing == []


def test_every_comparison_of_the_quick_tier_has_a_claim(suite: Suite) -> None:
    claimed = {bench for claim in suite.claims for bench in claim.benches}
    quick = {name for name, one in suite.comparisons.items() if one.tier == "quick"}

    assert quick - claimed == set()


def test_claims_have_texts_of_their_own(suite: Suite) -> None:
    texts = [claim.text for claim in suite.claims]

    assert len(texts) == len(set(texts))


def test_every_comparison_of_the_quick_tier_has_a_size_that_somebody_takes(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        if comparison.tier == "quick":
            sizes = comparison.in_tier("quick")

            assert sizes, comparison.name
            for size in sizes:
                assert any(one.takes(size) for one in comparison.contenders.values())


def test_every_need_is_one_that_the_toolkit_understands(suite: Suite) -> None:
    needs = [need for claim in suite.claims for need in claim.needs if need != "calm"]
    for comparison in suite.comparisons.values():
        for one in comparison.contenders.values():
            needs += one.needs

    assert all_unmet(needs) == [problem for need in needs for problem in all_unmet([need])]


def test_a_growth_that_is_claimed_is_fitted_over_five_sizes_that_span_a_factor_of_thirty(
    suite: Suite,
) -> None:
    growths = [
        (suite.comparisons[part.operand.benches[0]], part.operand.over)
        for claim in suite.claims
        for part in claim.condition.parts
        if part.operand.over not in ("", "*")
    ]

    assert growths
    for comparison, axis in growths:
        sizes = sorted({size[axis] for size in comparison.in_tier("quick")})
        assert len(sizes) >= 5, comparison.name
        assert sizes[-1] >= 30 * sizes[0], comparison.name


def test_claims_that_must_hold_everywhere_count_and_do_not_time_their_growth(suite: Suite) -> None:
    timed = [
        claim.text
        for claim in suite.claims
        for part in claim.condition.parts
        if part.operand.over not in ("", "*")
        and suite.comparisons[part.operand.benches[0]].kind != "value"
        and "calm" not in claim.needs
    ]

    assert timed == []


def test_pytest_collects_one_item_per_contender(suite: Suite) -> None:
    expected = sum(
        one.takes(size, "quick")
        for comparison in suite.comparisons.values()
        for size in comparison.in_tier("quick")[:1]
        for one in comparison.contenders.values()
    )
    module = build(suite)
    assert {"test_contender", "test_claim"} <= set(vars(module))

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
    lines = run.stdout.splitlines()
    assert sum("::test_contender[" in line for line in lines) == expected
    assert sum("::test_claim[" in line for line in lines) == sum(
        claim.tier == "quick" for claim in suite.claims
    )
