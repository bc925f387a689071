"""What module 22 claims about algorithms, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in under two minutes. The comparisons live
beside this file, one file a subject; here they are put together.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from velvet.bench import Suite
from velvet.bench.command import main

suite = Suite("22-algorithms", __file__)
# Its comparisons lie beside it, and not yet in its package.
sys.path.insert(0, str(Path(__file__).parent))
for part in (
    "algorithms_bench_ordered",
    "algorithms_bench_caches",
    "algorithms_bench_lookup",
    "algorithms_bench_graphs",
    "algorithms_bench_routes",
    "algorithms_bench_strings",
    "algorithms_bench_choices",
    "algorithms_bench_dp",
    "algorithms_bench_filters",
    "algorithms_bench_sketches",
    "algorithms_bench_systems",
    "algorithms_bench_adversary",
):
    import_module(part).add_to(suite)

if __name__ == "__main__":
    main(suite)
