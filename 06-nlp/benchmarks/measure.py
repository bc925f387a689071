"""What module 06 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_nlp.comparisons import keeping

suite = Suite("06-nlp", __file__)
for subject in (keeping,):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
