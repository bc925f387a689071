"""What each strategy finds in the corpus, how fast, and with how much luck."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial, reduce
from operator import and_
from typing import Any

from velvet.bench import Suite, ratio, value
from velvet.bench.model import LABEL, Metric, mode
from velvet_testing import corpus, strategies
from velvet_testing.shootout import FalseAlarm, Hunt, Scoreboard, hunts

EXAMPLES = 60
BUDGET_S = 5.0
EXECUTIONS = 1000
FUZZING = ("random_crash", "coverage_fuzz")
GENERATED = ("property", "stateful", "differential", "metamorphic")
# Hard for one strategy at least: a model in `ttl_lru`, a rare character, a large number.
HARD = ("ttl_lru-3", "ttl_lru-5", "csv_codec-4", "slug_wrap-3", "next_run-5", "pager-4")
Figures = dict[str, float]


def seeds() -> tuple[int, ...]:
    """Return the seeds of this tier."""
    return {"quick": (1,), "default": (1, 2), "full": (1, 2, 3, 4, 5)}[mode()]


@cache
def hunted(name: str) -> tuple[Hunt, ...]:
    """Hunt every bug with one strategy; once a process, however many rows ask.

    Raises:
        FalseAlarm: a reference raised an alarm.
    """
    options: dict[str, Any] = {}
    if name in GENERATED:
        options = {"shrink": False, "max_examples": EXAMPLES}
    elif name in FUZZING:
        options = {"max_executions": EXECUTIONS}
    hunter = strategies.by_name(name, **options)
    return tuple(hunts(corpus.programs(), [hunter], seeds=seeds(), budget_s=BUDGET_S))


def figures(board: Scoreboard, names: tuple[str, ...]) -> Figures:
    """Return what one strategy, or several together, found."""
    found = set[str]().union(*(board.found(name) for name in names))
    lucky = set[str]().union(*(board.lucky(name) for name in names))
    sure = {bug for name in names for bug in board.found(name) - board.lucky(name)}
    median = max((board.seconds(name) for name in names), default=0.0) * 1e3
    return {
        "found": float(len(found)),
        "lucky": float(len(lucky - sure)),
        "median_ms": round(median, 1),
        "false_alarms": 0.0,  # the first one ends a hunt, see `_one`
    }


def _one(name: str) -> Callable[[], Figures]:
    def run() -> Figures:
        try:
            return figures(Scoreboard(list(hunted(name))), (name,))
        except FalseAlarm:
            return {**figures(Scoreboard(), ()), "false_alarms": 1.0}

    return run


def _together(which: str) -> Callable[[], dict[str, float | str]]:
    def run() -> dict[str, float | str]:
        names = tuple(one.name for one in strategies.ALL)
        if which == "property_and_stateful":
            names = ("property", "stateful")
        board = Scoreboard([hunt for name in names for hunt in hunted(name)])
        if which == "best_pair":
            names = board.best_pair()[0]
        enough = board.cheapest_cover() if which == "all_twelve" else names
        return {**figures(board, names), "which": ", ".join(enough)}

    return run


def _detection(strategy: str, examples: int) -> Callable[[], Figures]:
    def run() -> Figures:
        rounds = 3 if mode() == "quick" else 6
        hunter = strategies.by_name(strategy, shrink=False, max_examples=examples)
        found = {bug: 0 for bug in HARD if hunter.supports(corpus.find(bug.rpartition("-")[0]))}
        for bug in found:
            program = corpus.find(bug.rpartition("-")[0])
            for seed in range(rounds):
                module = program.module(corpus.find_bug(bug))
                hit = hunter.hunt(module, program, budget_s=60, seed=seed)
                found[bug] += hit is not None
        shares = [hits / rounds for hits in found.values()]
        lucky = sum(0 < share < 1 for share in shares)
        return {"detection": sum(shares) / len(shares), "luck": float(lucky)}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    metrics: dict[str, Any] = {
        "found": Metric("bugs", "higher"),
        "lucky": "bugs",
        "median_ms": "ms",
        "false_alarms": "alarms",
        "which": LABEL,
    }
    board = suite.comparison(
        "shootout",
        title="Sixty seeded bugs: found with at least one seed",
        kind="value",
        unit="bugs",
        metrics=metrics,
        limit=1500,
    )
    for name in (one.name for one in strategies.ALL):
        board.add(name, partial(_one, name), tier="default" if name in GENERATED else "quick")
    board.add("property_and_stateful", partial(_together, "property_and_stateful"), tier="default")
    board.add(
        "best_pair",
        partial(_together, "best_pair"),
        tier="default",
        note="of all pairs the one that finds most",
    )
    board.add(
        "all_twelve",
        partial(_together, "all_twelve"),
        tier="default",
        note="the union, and the fewest that find as much",
    )

    luck = suite.comparison(
        "seed_luck",
        title="Six hard bugs: the share of seeds that find them",
        kind="value",
        unit="",
        sizes={"examples": [30, 100, 300]},
        quick=lambda examples: examples < 100,
        default=lambda examples: examples < 300,
        metrics={"detection": Metric("of the seeds", "higher"), "luck": "bugs"},
        limit=1500,
        tier="default",
    )
    for name in ("property", "stateful"):
        luck.add(name, lambda examples, name=name: _detection(name, examples))

    suite.claim(
        "the happy path finds at most half of what an edge table finds",
        ratio("shootout", "edge_table", "happy_path", "found") >= 2,
    )
    suite.claim(
        "properties and state machines together find at least three times what the happy path does",
        ratio("shootout", "property_and_stateful", "happy_path", "found") >= 3,
        tier="default",
    )
    suite.claim(
        "properties and state machines together find at least three bugs more than an edge table",
        (
            value("shootout", "property_and_stateful", "found")
            - value("shootout", "edge_table", "found")
        )
        >= 3,
        tier="default",
    )
    suite.claim(
        "no strategy that works without Hypothesis raises an alarm at a reference",
        reduce(
            and_,
            (
                value("shootout", one.name, "false_alarms").equals(0)
                for one in strategies.ALL
                if one.name not in GENERATED
            ),
        ),
    )
    suite.claim(
        "the strategies that generate raise no alarm at a reference either",
        reduce(and_, (value("shootout", name, "false_alarms").equals(0) for name in GENERATED)),
        tier="default",
    )
    suite.claim(
        "a state machine with more examples finds no less",
        (
            value("seed_luck", "stateful", "detection", examples=100)
            - value("seed_luck", "stateful", "detection", examples=30)
        )
        >= 0,
        tier="default",
    )
