"""What module 14 claims about web frameworks and servers, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_web.comparisons import frameworks, hosts, inside, pressure

suite = Suite("14-web", __file__)
for subject in (frameworks, pressure, inside, hosts):
    subject.add_to(suite)

# The machines differ, so only the ratios can be compared.
suite.published(
    "omission",
    {("closed_4_users", "p99"): 6.0, ("open_300", "p99"): 595.0},
    source="our probe: 0.6 s in every 3 s",
)

if __name__ == "__main__":
    main(suite)
