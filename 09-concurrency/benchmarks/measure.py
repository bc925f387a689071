"""What module 09 claims about concurrency, and how each sentence is measured."""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_concurrency.comparisons import (
    breakers,
    cpu,
    io,
    limiter_truth,
    limiters,
    load,
    pools,
    pressure,
    redis,
)

suite = Suite("09-concurrency", __file__)
for part in (io, load, cpu, pools, limiters, limiter_truth, redis, breakers, pressure):
    part.add_to(suite)

# Three tables that are quoted over and over; all name the same machine.
MACHINE = "MacBook Pro M1 Max, 32 GB, Python 3.11.7"
SERVED = {"serial": 100.32, "threads_10": 10.15, "threads_50": 2.08, "aiohttp_100": 1.27}
COMPUTED = {"triple": 8.14, "threads_4": 8.09, "processes_4": 2.31, "numpy": 0.42, "numba": 0.38}
for bench, seconds, table in (
    ("io_1000x100ms", SERVED, "concurrency"),
    ("cpu_matmul_500", COMPUTED, "matrix"),
):
    figures = {(name, "time"): taken for name, taken in seconds.items()}
    suite.published(bench, figures, source=f"widely quoted {table} table, {MACHINE}")
LIMITER_TABLE = f"widely quoted rate-limiter table, {MACHINE}"
suite.published(
    "limiter_ops",
    {("naive", "ops"): 12_000, ("token_bucket", "ops"): 890_000},
    source=LIMITER_TABLE,
    size={"window": 1000},
)
suite.published("limiter_redis", {("lua", "ops"): 45_000}, source=LIMITER_TABLE)
suite.published("limiter_accuracy_threads", {("naive", "accuracy"): 94.0}, source=LIMITER_TABLE)
suite.published("limiter_memory", {("naive", "traced_peak"): 458.0}, source=LIMITER_TABLE)

if __name__ == "__main__":
    main(suite)
