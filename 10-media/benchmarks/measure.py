"""What module 10 claims about pictures and films, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute. Large media are made once, by a child,
in a folder of the system's folder for temporary files.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_media.comparisons import bounding, keeping, refusing, shrinking

suite = Suite("10-media", __file__)
for subject in (shrinking, bounding, keeping, refusing):
    subject.add_to(suite)

suite.published(
    "large_png",
    {("pyvips", "peak_mb"): 43, ("pillow", "peak_mb"): 207, ("opencv", "peak_mb"): 215},
    source="libvips wiki, Speed and memory use: a TIFF of 5000 x 5000, 2016 to 2018",
    size={"side": 4000},
)

if __name__ == "__main__":
    main(suite)
