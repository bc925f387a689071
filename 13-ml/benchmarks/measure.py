"""What module 13 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_ml.comparisons import keeping

suite = Suite("13-ml", __file__)
for subject in (keeping,):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
