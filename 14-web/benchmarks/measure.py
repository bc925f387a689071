"""What module 14 claims about web frameworks and servers, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_web.comparisons import frameworks, hosts, inside, pressure

suite = Suite("14-web", __file__)
for subject in (frameworks, pressure, inside, hosts):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
