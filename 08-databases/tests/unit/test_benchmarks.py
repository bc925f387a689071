"""The benchmarks are declared completely and consistently; nothing is timed here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet.bench import Suite
from velvet.bench.model import TIERS
from velvet.bench.worker import load_suite
from velvet.needs import all_unmet
from velvet.services import Server

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROWS_OF_THE_SPECIFICATION = {
    "bulk_postgres",
    "bulk_sqlite",
    "read_layers",
    "n_plus_one_rtt",
    "detector_overhead",
    "pool_curve",
    "race_strategies",
    # The specification's migration_stall, one comparison for each kind of change.
    "stall_type",
    "stall_add_column",
    "stall_index",
    "index_effect",
    "kv_document",
}
SERVICES = ("postgres", "redis", "mongodb", "calm")
# Writing to a server whose durability is switched off has to be said beside every figure.
WRITERS = ("bulk_postgres", "bulk_driver", "bulk_memory", "kv_document")


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    path, modules = list(sys.path), set(sys.modules)
    yield load_suite(BENCHMARKS / "measure.py")
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name == "shop_data" or name.startswith(("databases_bench_", "measure_")):
            del sys.modules[name]


def test_every_row_of_the_specification_exists(suite: Suite) -> None:
    assert set(suite.comparisons) >= ROWS_OF_THE_SPECIFICATION


def test_every_claim_names_comparisons_and_contenders_that_exist(suite: Suite) -> None:
    missing = []
    for claim in suite.claims:
        for part in claim.condition.parts:
            declared = {
                name
                for bench in part.operand.benches
                for name in suite.comparisons[bench].contenders
            }
            missing += [name for name in part.operand.contenders if name not in declared]

    assert missing == []


def test_every_claim_is_about_a_size_that_its_contenders_take_in_the_tier_that_judges_it(
    suite: Suite,
) -> None:
    for claim in suite.claims:
        for part in claim.condition.parts:
            for bench in part.operand.benches:
                comparison = suite.comparisons[bench]
                tier = max(claim.tier, comparison.tier, key=TIERS.index)
                sizes = [
                    size
                    for size in comparison.in_tier(tier)
                    if all(size.get(key) == value for key, value in part.operand.size.items())
                ]

                assert sizes, (claim.text, bench)
                for name in part.operand.contenders:
                    if name in comparison.contenders:
                        one = comparison.contenders[name]
                        assert any(one.takes(size, tier) for size in sizes), name


def test_claims_have_texts_of_their_own(suite: Suite) -> None:
    texts = [claim.text for claim in suite.claims]

    assert len(texts) == len(set(texts))


def test_every_bulk_and_layer_comparison_has_a_claim_but_that_of_memory(suite: Suite) -> None:
    claimed = {bench for claim in suite.claims for bench in claim.benches}

    ours = {"bulk_postgres", "bulk_driver", "bulk_memory", "bulk_sqlite", "read_layers"}
    assert ours - claimed == {"bulk_memory"}


def test_every_need_is_one_that_the_toolkit_understands(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        for one in comparison.contenders.values():
            all_unmet(need for need in one.needs if need not in SERVICES)
    for claim in suite.claims:
        all_unmet(need for need in claim.needs if need not in SERVICES)


def test_a_switched_off_disk_is_said_beside_every_comparison_that_writes(suite: Suite) -> None:
    for name in WRITERS:
        assert "fsync=off" in suite.comparisons[name].title


def once(setup: Callable[..., Any], size: dict[str, Any]) -> Any:
    """Call a contender once, as the smoke test of `pytest benchmarks/` does."""
    begun = setup(**size)
    for timed in begun if isinstance(begun, Iterator) else [begun]:
        call = getattr(timed, "call", timed)
        prepare = getattr(timed, "prepare", None)
        result = call(prepare()) if prepare else call()
        metrics = getattr(timed, "metrics", None)
        assert all(value > 0 for value in (metrics() if metrics else {}).values())
        return result
    raise AssertionError("a contender yielded nothing")


def test_every_reader_of_layers_reads_the_same_keys(suite: Suite) -> None:
    layers = suite.comparisons["read_layers"]
    assert layers.checker is not None

    for one in layers.contenders.values():
        assert layers.checker(once(one.setup, {"rows": 5})), one.name


@pytest.mark.integration
def test_every_way_of_loading_and_every_document_store_does_the_same(
    suite: Suite,
    postgres_server: Server,
    redis_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VELVET_POSTGRES_URL", postgres_server.url)
    monkeypatch.setenv("VELVET_REDIS_URL", redis_server.url)

    for name, size in (("bulk_postgres", {"rows": 5}), ("kv_document", {"orders": 3})):
        results = [
            once(one.setup, size)
            for one in suite.comparisons[name].contenders.values()
            if "mongodb" not in one.needs or os.environ.get("VELVET_MONGODB_URL")
        ]
        assert len(results) >= 4
        assert all(result == results[0] for result in results), name
    loads = [
        once(one.setup, {"rows": 5}) for one in suite.comparisons["bulk_sqlite"].contenders.values()
    ]
    assert all(result == loads[0] for result in loads)
