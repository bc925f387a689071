"""What module 16 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_queues.comparisons import keeping

suite = Suite("16-queues", __file__)
for subject in (keeping,):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
