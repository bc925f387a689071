"""What module 07 claims about HTTP clients, and how each sentence is measured.

`python benchmarks/measure.py --quick` runs everything in about a minute. The server runs in a
process of its own, and claims use CPU time of the client, counts or virtual time, because wall
time over loopback is mostly the machine's mood.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_http.comparisons import atlas, caches, connections, policies, requests_a_second

suite = Suite("07-http", __file__)
for subject in (policies, atlas, requests_a_second, connections, caches):
    subject.add_to(suite)

suite.published(
    "contention",
    {("exponential", "calls"): 1871, ("full", "calls"): 794},
    source="aws-samples/aws-arch-backoff-simulator, run by us",
    size={"clients": 100},
)

if __name__ == "__main__":
    main(suite)
