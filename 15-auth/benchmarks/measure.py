"""What module 15 claims about attacks, hashes and checks, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes under a minute: the whole laboratory once, five hashers
with their real parameters, and each check beside a signature.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_auth.comparisons import checking, deciding, hashing, penetrating, racing

suite = Suite("15-auth", __file__)
for subject in (penetrating, hashing, racing, checking, deciding):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
