"""What module 22 claims about algorithms, and how each sentence is measured."""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_algorithms.comparisons import (
    attacks,
    caches,
    choices,
    lookup,
    ordered,
    programs,
    routes,
    sketches,
    strings,
    systems,
)

suite = Suite("22-algorithms", __file__)
for subject in (
    *(ordered, caches, lookup, routes, strings),
    *(choices, programs, sketches, systems, attacks),
):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
