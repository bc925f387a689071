"""Which way of adding one to a shared counter loses updates, and what not losing any costs.

Four threads with a connection each add one fifty times; what the database refuses is run again until
all is done. The server runs with fsync=off, so a commit costs no disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Outcome, Suite, mode, ratio, value

WORKERS, INCREMENTS = 4, 50
RACES = {"quick": 2, "default": 3, "full": 10}
LOW = "read committed"
LEVELS = [LOW, "repeatable read", "serializable"]
STRATEGIES = (
    "atomic_update",
    "select_for_update",
    "version_column",
    "advisory_lock",
    "read_modify_write",
)


def _race(strategy: str, level: str) -> Callable[[], Outcome]:
    from velvet_databases.races import race_counter

    url = os.environ["VELVET_POSTGRES_URL"]
    race_counter(url, strategy, level, 1, 1)  # imports and caches

    def run() -> Outcome:
        found = [
            race_counter(url, strategy, level, WORKERS, INCREMENTS, seed=seed)
            for seed in range(RACES[mode()])
        ]
        done = sum(one.expected for one in found)
        return Outcome(
            {
                "done": done / sum(one.expected / one.ops_per_s for one in found),
                "lost": 100 * sum(one.lost for one in found) / done,
                "retries": 100 * sum(one.retries for one in found) / done,
            }
        )

    return run


def _zero(strategy: str, level: str) -> Any:
    return value("race_strategies", strategy, "lost", level=level).equals(0)


def add_to(suite: Suite) -> None:
    """Add the race of the strategies."""
    races = suite.comparison(
        "race_strategies",
        title="4 threads x 50 increments of one row (fsync=off): done, lost and run again",
        kind="run",
        unit="ops/s",
        sizes={"level": LEVELS},
        quick=lambda level: level == LOW,
        metrics={"done": Metric("ops/s", "higher"), "lost": Metric("%"), "retries": Metric("%")},
        rounds={"quick": 1, "default": 2, "full": 7},
    )
    for strategy in STRATEGIES:
        races.add(
            strategy,
            partial(_race, strategy),
            baseline=strategy == "atomic_update",
            needs="postgres",
        )
    suite.claim(
        "reading and writing back loses updates at READ COMMITTED",
        value("race_strategies", "read_modify_write", "lost", level=LOW) >= 10,
        needs="postgres",
    )
    for level in LEVELS:
        careful = [name for name in STRATEGIES if level != LOW or name != "read_modify_write"]
        condition = _zero(careful[0], level)
        for strategy in careful[1:]:
            condition = condition & _zero(strategy, level)
        others = "every other strategy" if level == LOW else "every strategy"
        suite.claim(
            f"{others} loses nothing at {level.upper()}",
            condition,
            needs="postgres",
            tier="quick" if level == LOW else "default",
        )
    margins = {"select_for_update": 1.1, "version_column": 1.3, "advisory_lock": 1.3}
    for strategy, margin in margins.items():
        suite.claim(
            f"one atomic statement is faster than {strategy} at READ COMMITTED",
            ratio("race_strategies", "atomic_update", strategy, "done", level=LOW) >= margin,
            needs="postgres",
            tier="default",
        )
