"""What module 21 claims about desktop toolkits, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Rows that need a screen are driven on
a virtual one (Xvfb, Linux); where there is none, or a toolkit is missing, they say so.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_desktop.comparisons import freezing, outside, parts, windows

suite = Suite("21-desktop", __file__)
for subject in (windows, freezing, parts, outside):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
