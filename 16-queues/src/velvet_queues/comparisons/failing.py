"""What is lost: kills for every queue in two profiles, other attacks, and three stages of one program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

from velvet.bench import Absent, Metric, Suite, value
from velvet.bench.model import Tier, mode
from velvet.services import ServiceUnavailable
from velvet_queues import chaos, evolution
from velvet_queues.comparisons import PAIRS, needs
from velvet_queues.contenders import PROFILES, load
from velvet_queues.ledger import Delivery, Verdict

FEW = ("deploy", "broker_restart", "network_cut", "poison")  # of the others in a default run
OURS, OTHERS = 100, 10  # kills in a row
Figures = Callable[[], dict[str, float]]
METRICS = {
    "lost": "tasks",
    "twice": "tasks",
    "effects_twice": "tasks",
    "recovered": "s",
    "finished": Metric("tasks", "higher"),
}


def _counts(verdict: Verdict) -> dict[str, float]:
    counted = {name: len(getattr(verdict, name)) for name in ("lost", "twice", "effects_twice")}
    return {name: float(count) for name, count in counted.items()}


def _attack(row: str, profile: str, attack: str = "worker_kill") -> Figures:
    name, broker = PAIRS[row]

    def run() -> dict[str, float]:
        try:
            report = chaos.attack(attack, name, broker, profile)
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        figures = {"finished": float(report.verdict.finished)}
        if not report.verdict.lost:
            figures["recovered"] = report.recovered_s
        if attack == "poison":
            figures["starts"] = float(report.max_starts)
        return _counts(report.verdict) | figures

    return run


def _attacked(row: str, attack: str) -> Figures:
    return _attack(row, "production", attack)


def _kills(row: str) -> Figures:
    def run() -> dict[str, float]:
        kills = OURS if row.startswith("lease") else OTHERS
        if mode() == "quick":
            kills = 3
        try:
            verdict = chaos.killed_again(*PAIRS[row], kills)
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        return _counts(verdict) | {"kills": float(kills), "finished": float(verdict.finished)}

    return run


def _stage(stage: str) -> Figures:
    def run() -> dict[str, float]:
        try:
            done = evolution.run(stage, 200)
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        return _counts(done.verdict) | {"rate": done.per_s}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_kills(suite)
    _add_attacks(suite)
    _add_kills_in_a_row(suite)
    _add_stages(suite)


def _add_kills(suite: Suite) -> None:
    kill = suite.comparison(
        "kill9",
        title="30 tasks of 150 ms; the worker and its children are killed after the 7th",
        kind="value",
        unit="tasks",
        metrics=METRICS,
        limit=300,
    )
    quick = ("lease_sqlite_production", "huey_sqlite_defaults")
    for row, (queue, broker) in PAIRS.items():
        for profile in PROFILES:
            name = f"{row}_{profile}"
            same = profile == "defaults" and queue in ("lease", "huey")
            if same and name != "huey_sqlite_defaults":
                continue  # their profiles differ in the lease's length, or in nothing
            due: Tier = "quick" if name in quick else "default"
            kill.add(name, partial(_attack, row, profile), needs=needs(row), tier=due)
            promised = load(queue).promise(profile, broker)
            if promised is Delivery.AT_MOST_ONCE:
                suite.claim(
                    f"{name}: promises at most once, and starts nothing twice",
                    value("kill9", name, "twice") <= 0,
                    tier=due,
                )
            elif profile == "production":
                suite.claim(
                    f"{row}: a killed worker loses nothing with the production settings",
                    value("kill9", name, "lost") <= 0,
                    tier=due,
                )
    for name in ("huey_sqlite_defaults", "celery_redis_defaults", "taskiq_redis_defaults"):
        suite.claim(
            f"{name}: a killed worker loses what it had taken",
            value("kill9", name, "lost") >= 1,
            tier="quick" if name in quick else "default",
        )


def _add_attacks(suite: Suite) -> None:
    others = suite.comparison(
        "attacks",
        title="Production settings under other attacks, 30 tasks",
        kind="value",
        unit="tasks",
        metrics={**METRICS, "starts": "starts"},
        sizes={"attack": ["deploy", "poison", "worker_pause", "broker_restart", "network_cut"]},
        quick=lambda attack: attack == "deploy",
        limit=300,
    )
    for row in ("lease_postgres", "celery_redis", "dramatiq_redis", "huey_redis"):
        everywhere = row == "lease_postgres"
        others.add(
            row,
            partial(_attacked, row),
            needs=needs(row),
            tier="quick" if row in ("lease_postgres", "huey_redis") else "default",
            when=lambda attack, always=everywhere: always or mode() == "full" or attack in FEW,
        )
    others.add(
        "celery_redis_defaults",
        partial(_attack, "celery_redis", "defaults"),
        needs=needs("celery_redis"),
        tier="default",
        when=lambda attack: attack == "broker_restart",
    )
    suite.claim(
        "celery_redis_defaults: a Redis as it comes forgets what waits in it when it is killed",
        value("attacks", "celery_redis_defaults", "lost", attack="broker_restart") >= 1,
        tier="default",
    )
    for attack in ("deploy", "worker_pause", "broker_restart", "network_cut"):
        suite.claim(
            f"LeaseQueue on PostgreSQL loses nothing: {attack}",
            value("attacks", "lease_postgres", "lost", attack=attack) <= 0,
            tier="default",
        )
    for row, attack in product(("celery_redis", "dramatiq_redis"), FEW[:3]):
        suite.claim(
            f"{row}: its production settings lose nothing: {attack}",
            value("attacks", row, "lost", attack=attack) <= 0,
            tier="default",
        )
    suite.claim(
        "LeaseQueue starts a task that kills its worker at most 3 times, and does the 29 others",
        (value("attacks", "lease_postgres", "starts", attack="poison") <= 3)
        & (value("attacks", "lease_postgres", "finished", attack="poison") >= 29),
        tier="default",
    )
    suite.claim(
        "Celery on Redis, told to return what a lost worker ran, starts it more often than that",
        value("attacks", "celery_redis", "starts", attack="poison") >= 4,
        tier="default",
    )


def _add_kills_in_a_row(suite: Suite) -> None:
    again = suite.comparison(
        "kill_again",
        title=f"Killed again and again while it works: {OURS} times for ours, {OTHERS} for others",
        kind="value",
        unit="tasks",
        metrics={
            **{name: METRICS[name] for name in ("lost", "twice", "effects_twice", "finished")},
            "kills": Metric("kills", "higher"),
        },
        tier="default",
        limit=900,
    )
    for row, (queue, broker) in PAIRS.items():
        if load(queue).promise("production", broker) is Delivery.AT_LEAST_ONCE:
            again.add(row, partial(_kills, row), needs=needs(row))
            suite.claim(
                f"{row}: no kill of a row of them loses a task",
                value("kill_again", row, "lost") <= 0,
                tier="default",
            )


def _add_stages(suite: Suite) -> None:
    stages = suite.comparison(
        "evolution",
        title="200 orders, one kill -9 after a third, one restart",
        kind="value",
        unit="tasks",
        metrics={
            "lost": "tasks",
            "twice": "tasks",
            "effects_twice": "tasks",
            "rate": Metric("orders/s", "higher"),
        },
        limit=120,
    )
    for stage in evolution.STAGES:
        stages.add(stage, partial(_stage, stage), needs="redis" if "list" in stage else ())
    suite.claim(
        "a queue in memory loses more than half of what was sent when it is killed",
        value("evolution", "naive_thread", "lost") >= 101,
    )
    suite.claim(
        "leases and keys lose nothing and charge nothing twice",
        (value("evolution", "production_lease", "lost") <= 0)
        & (value("evolution", "production_lease", "effects_twice") <= 0),
    )
