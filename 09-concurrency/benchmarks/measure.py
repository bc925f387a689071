"""What module 09 claims about concurrency, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in about a minute and a half. The
comparisons live beside this file, one file a subject; here they are put together, with the
figures of others that ours are printed beside.
"""

from __future__ import annotations

import suite_breakers
import suite_cpu
import suite_io
import suite_limiter_truth
import suite_limiters
import suite_load
import suite_pools
import suite_pressure
import suite_redis

from velvet.bench import Suite

suite = Suite("09-concurrency")
for part in (
    suite_io,
    suite_load,
    suite_cpu,
    suite_pools,
    suite_limiters,
    suite_limiter_truth,
    suite_redis,
    suite_breakers,
    suite_pressure,
):
    part.add_to(suite)

CONCURRENCY_TABLE = "widely quoted concurrency table"
LIMITER_TABLE = "widely quoted rate-limiter table"

suite.published("io_1000x100ms", {("aiohttp_100", "time"): 1.27}, source=CONCURRENCY_TABLE)
suite.published("cpu_matmul_500", {("triple", "time"): 8.14}, source=CONCURRENCY_TABLE)
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
    suite.main()
