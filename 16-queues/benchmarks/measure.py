"""What module 16 claims about task queues, and how each sentence is measured.

`python benchmarks/measure.py --quick` takes about a minute and needs no server but the wheel's
Redis. The default run kills every queue in two profiles, which takes its time: a queue recovers
when its visibility timeout says so. `--full` adds large messages and workers that are stopped.
"""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_queues.comparisons import failing, speed, stores

suite = Suite("16-queues", __file__)
for subject in (failing, speed, stores):
    subject.add_to(suite)

SOURCE = "github.com/steventen/python_queue_benchmark, 20,000 jobs, 10 workers, Apple M2 Pro"
suite.published(
    "race",
    {
        ("rq_redis", "rate"): 20_000 / 51.1,
        ("celery_redis", "rate"): 20_000 / 17.6,
        ("huey_redis", "rate"): 20_000 / 4.2,
        ("dramatiq_redis", "rate"): 20_000 / 4.1,
    },
    source=SOURCE,
)

if __name__ == "__main__":
    main(suite)
