"""What module 09 claims about concurrency, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in about a minute and a half. The
comparisons live beside this file, one file a subject; here they are put together, with the
figures of others that ours are printed beside.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from velvet.bench import Suite
from velvet.bench.command import main

suite = Suite("09-concurrency", __file__)
# Its comparisons lie beside it, and not yet in its package.
sys.path.insert(0, str(Path(__file__).parent))
for part in (
    "concurrency_bench_io",
    "concurrency_bench_load",
    "concurrency_bench_cpu",
    "concurrency_bench_pools",
    "concurrency_bench_limiters",
    "concurrency_bench_limiter_truth",
    "concurrency_bench_redis",
    "concurrency_bench_breakers",
    "concurrency_bench_pressure",
):
    import_module(part).add_to(suite)

# Two tables that are quoted over and over; both name the same machine.
MACHINE = "MacBook Pro M1 Max, 32 GB, Python 3.11.7"
CONCURRENCY_TABLE = f"widely quoted concurrency table, {MACHINE}"
LIMITER_TABLE = f"widely quoted rate-limiter table, {MACHINE}"

suite.published(
    "io_1000x100ms",
    {
        ("serial", "time"): 100.32,
        ("threads_10", "time"): 10.15,
        ("threads_50", "time"): 2.08,
        ("aiohttp_100", "time"): 1.27,
    },
    source=CONCURRENCY_TABLE,
)
suite.published(
    "cpu_matmul_500",
    {
        ("triple", "time"): 8.14,
        ("threads_4", "time"): 8.09,
        ("processes_4", "time"): 2.31,
        ("numpy", "time"): 0.42,
        ("numba", "time"): 0.38,
    },
    source=CONCURRENCY_TABLE,
)
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
