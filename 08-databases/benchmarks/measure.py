"""What module 08 claims about databases, and how each sentence is measured.

The comparisons live beside this file, one file a subject; here they are put together. Servers
come from the toolkit: those that it starts itself run with fsync=off, which is said in the title
of every comparison that writes.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from velvet.bench import Suite
from velvet.bench.command import main

suite = Suite("08-databases", __file__)
# Its comparisons lie beside it, and not yet in its package.
sys.path.insert(0, str(Path(__file__).parent))
for part in sorted(Path(__file__).parent.glob("databases_bench_*.py")):
    importlib.import_module(part.stem).add_to(suite)

if __name__ == "__main__":
    main(suite)
