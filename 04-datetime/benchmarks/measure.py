"""What module 04 claims about dates and times, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_datetime.comparisons import columns, conformance, nights, single

suite = Suite("04-datetime", __file__)
for subject in (conformance, nights, single, columns):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
