"""What module 11 claims about arrays, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. BLAS and OpenMP are pinned to one
thread in every child, unless a contender's name says otherwise; sums and temporaries are counted,
everything else is a ratio of paired rounds.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_numerical.comparisons import (
    adding,
    files,
    hundred_x,
    layouts,
    loops,
    parallel,
    roof,
    solving,
)

suite = Suite("11-numerical", __file__)
for subject in (hundred_x, loops, roof, layouts, solving, adding, files, parallel):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
