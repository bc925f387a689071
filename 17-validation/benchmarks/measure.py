"""What module 17 claims, and how each sentence is measured."""

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_validation.comparisons import (
    building,
    catching,
    checking,
    failing,
    holding,
    json_bytes,
    redos,
    reusing,
    unions,
)

suite = Suite("17-validation", __file__)
for subject in (
    catching,
    checking,
    json_bytes,
    failing,
    unions,
    building,
    holding,
    reusing,
    redos,
):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
