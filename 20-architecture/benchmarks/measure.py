"""What module 20 claims about architectures, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Rows that need PostgreSQL, Redis or a
peer are listed with the reason where there is none.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_architecture.comparisons import changes, guarantees, layers, logs, read_models

suite = Suite("20-architecture", __file__)
for subject in (layers, logs, read_models, guarantees, changes):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
