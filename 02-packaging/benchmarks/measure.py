"""What module 02 claims about packages, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_packaging.comparisons import building, checking, contents, publishing, rebuilding

suite = Suite("02-packaging", __file__)
for subject in (building, contents, rebuilding, checking, publishing):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
