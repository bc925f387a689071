"""What module 10 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_media.comparisons import keeping

suite = Suite("10-media", __file__)
for subject in (keeping,):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
