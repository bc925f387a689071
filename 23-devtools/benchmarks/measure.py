"""What module 23 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_devtools.comparisons import changing, checking, watching

suite = Suite("23-devtools", __file__)
for subject in (checking, watching, changing):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
