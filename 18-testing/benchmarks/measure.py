"""What module 18 claims about tests, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Bugs found, false alarms and scores are
counts and need no quiet machine; everything that is timed is a ratio of paired rounds.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_testing.comparisons import hunting, mutating, own_suites, running, styles, tools

suite = Suite("18-testing", __file__)
for subject in (hunting, mutating, styles, tools, running, own_suites):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
