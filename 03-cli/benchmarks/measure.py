"""What module 03 claims about command-line tools, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in less than two minutes. The
comparisons live beside this file, one file a subject; here they are put together.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from velvet.bench import Suite
from velvet.bench.command import main

suite = Suite("03-cli", __file__)
# Its comparisons lie beside it, and not yet in its package.
sys.path.insert(0, str(Path(__file__).parent))
for path in sorted(Path(__file__).parent.glob("cli_bench_*.py")):
    import_module(path.stem).add_to(suite)

if __name__ == "__main__":
    main(suite)
