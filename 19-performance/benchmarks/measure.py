"""What module 19 claims about profilers and about speed, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Every profiled program is a child of
its own; ratios are paired, and a profiler that cannot run here is a row with its reason.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_performance.comparisons import everyday, ladders, memory_and_gc, profilers_scored

suite = Suite("19-performance", __file__)
for subject in (profilers_scored, ladders, memory_and_gc, everyday):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
