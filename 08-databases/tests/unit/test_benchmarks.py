"""The benchmarks are declared completely and consistently; nothing is timed here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet.bench import Suite
from velvet.bench.worker import load_suite
from velvet.services import Server
from velvet_databases.stores import StoreUnavailable, mongo_store

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
# Writing to a server whose durability is switched off has to be said beside every figure.
WRITERS = ("bulk_postgres", "bulk_driver", "bulk_memory", "kv_document")


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(BENCHMARKS / "measure.py")


def test_every_row_of_the_specification_exists(suite: Suite) -> None:
    assert set(suite.comparisons) >= ROWS_OF_THE_SPECIFICATION


def test_every_bulk_and_layer_comparison_has_a_claim_but_that_of_memory(suite: Suite) -> None:
    claimed = {bench for claim in suite.claims for bench in claim.benches}

    ours = {"bulk_postgres", "bulk_driver", "bulk_memory", "bulk_sqlite", "read_layers"}
    assert ours - claimed == {"bulk_memory"}


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


def test_mongodb_is_asked_at_its_address_with_all_that_it_says_of_logging_in(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Absent(mongo_store.MongoStore):
        def open(self, url: str) -> None:
            asked.append(url)
            raise StoreUnavailable("nothing answers")

    address = "mongodb://velvet:p%40ss@127.0.0.1:27017/{}?authSource=admin"
    monkeypatch.setattr(mongo_store, "MongoStore", Absent)
    monkeypatch.setenv("VELVET_MONGODB_URL", address.format(""))

    with pytest.raises(StoreUnavailable):
        once(suite.comparisons["kv_document"].contenders["mongodb_one_by_one"].setup, {"orders": 1})

    server, _, rest = asked[0].partition("velvet_bench_")
    assert f"{server}{rest[12:]}" == address.format("")
