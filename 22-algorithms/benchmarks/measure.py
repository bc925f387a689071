"""What module 22 claims about algorithms, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in under two minutes. The comparisons live
beside this file, one file a subject; here they are put together.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from velvet.bench import Suite

suite = Suite("22-algorithms")
for part in sorted(Path(__file__).parent.glob("algorithms_bench_*.py")):
    importlib.import_module(part.stem).add_to(suite)

if __name__ == "__main__":
    suite.main()
