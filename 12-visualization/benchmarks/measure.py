"""What module 12 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_visualization.comparisons import drawing, exporting, pages, reading, thinning

suite = Suite("12-visualization", __file__)
for subject in (drawing, pages, exporting, thinning, reading):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
