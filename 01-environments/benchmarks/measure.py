"""What module 01 claims about tools and environments, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_environments.comparisons import making, racing, resolving, sameness, traffic

suite = Suite("01-environments", __file__)
for subject in (making, racing, traffic, sameness, resolving):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
