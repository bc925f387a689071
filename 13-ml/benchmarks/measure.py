"""What module 13 claims about models, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Rows that need river, Dask or Ray are
listed with the reason where they are not installed.
"""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_ml.comparisons import drifting, experiments, scaling, serving, truth

# One thread for boosting, as a graph has: two would be another comparison, and threads of OpenMP that
# wait for each other on a busy machine are what would be measured.
threadpool_limits(1, user_api="openmp")

suite = Suite("13-ml", __file__)
for subject in (truth, experiments, drifting, serving, scaling):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
