"""What module 13 claims about models, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Rows that need river, Dask or Ray are
listed with the reason where they are not installed.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_ml.comparisons import drifting, experiments, scaling, serving, truth

suite = Suite("13-ml", __file__)
for subject in (truth, experiments, drifting, serving, scaling):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
