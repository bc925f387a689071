"""What module 18 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_testing.comparisons import keeping

suite = Suite("18-testing", __file__)
for subject in (keeping,):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
