"""What is lost: kills for every queue in two profiles, other attacks, and three stages of one program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from velvet.bench import Absent, Metric, Suite, value
from velvet.bench.model import mode
from velvet.services import ServiceUnavailable
from velvet_queues import chaos, evolution
from velvet_queues.comparisons import PAIRS, needs
from velvet_queues.contenders import PROFILES

FEW = ("deploy", "broker_restart")  # of the others in a default run
Figures = Callable[[], dict[str, float]]
METRICS = {
    "lost": "tasks",
    "twice": "tasks",
    "effects_twice": "tasks",
    "recovered": "s",
    "finished": Metric("tasks", "higher"),
}


def _attack(row: str, profile: str, attack: str = "worker_kill") -> Figures:
    name, broker = PAIRS[row]

    def run() -> dict[str, float]:
        try:
            report = chaos.attack(attack, name, broker, profile)
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        verdict = report.verdict
        return {
            "lost": float(len(verdict.lost)),
            "twice": float(len(verdict.twice)),
            "effects_twice": float(len(verdict.effects_twice)),
            "recovered": report.recovered_s,
            "finished": float(verdict.finished),
            **({"starts": float(report.max_starts)} if attack == "poison" else {}),
        }

    return run


def _kills(broker: str) -> Figures:
    def run() -> dict[str, float]:
        rounds = {"quick": 1, "default": 5, "full": 100}[mode()]
        lost = twice = 0
        for _ in range(rounds):
            verdict = chaos.attack("worker_kill", "lease", broker, tasks=8).verdict
            lost, twice = lost + len(verdict.lost), twice + len(verdict.twice)
        return {"lost": float(lost), "twice": float(twice), "rounds": float(rounds)}

    return run


def _stage(stage: str) -> Figures:
    def run() -> dict[str, float]:
        try:
            done = evolution.run(stage, 200)
        except ServiceUnavailable as error:
            raise Absent(str(error)) from None
        verdict = done.verdict
        return {
            "lost": float(len(verdict.lost)),
            "twice": float(len(verdict.twice)),
            "effects_twice": float(len(verdict.effects_twice)),
            "rate": done.per_s,
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    kill = suite.comparison(
        "kill9",
        title="30 tasks of 150 ms; the worker and its children are killed after the 7th",
        kind="value",
        unit="tasks",
        metrics=METRICS,
        limit=300,
    )
    quick = ("lease_sqlite_production", "huey_sqlite_defaults")
    for row in PAIRS:
        for profile in PROFILES:
            name = f"{row}_{profile}"
            same = profile == "defaults" and PAIRS[row][0] in ("lease", "huey")
            if same and name != "huey_sqlite_defaults":
                continue  # their profiles differ in the lease's length, or in nothing
            kill.add(
                name,
                partial(_attack, row, profile),
                needs=needs(row),
                tier="quick" if name in quick else "default",
            )
            if profile == "production" and PAIRS[row][0] not in ("huey", "rq"):  # they lose some
                suite.claim(
                    f"{row}: a killed worker loses nothing with the production settings",
                    value("kill9", name, "lost") <= 0,
                    tier="quick" if name in quick else "default",
                )
    for name in ("huey_sqlite_defaults", "celery_redis_defaults", "taskiq_redis_defaults"):
        suite.claim(
            f"{name}: a killed worker loses what it had taken",
            value("kill9", name, "lost") >= 1,
            tier="quick" if name in quick else "default",
        )

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
    for attack in ("deploy", "worker_pause", "broker_restart", "network_cut"):
        suite.claim(
            f"LeaseQueue on PostgreSQL loses nothing: {attack}",
            value("attacks", "lease_postgres", "lost", attack=attack) <= 0,
            tier="default",
        )
    suite.claim(
        "LeaseQueue starts a task that kills its worker at most 3 times, and does the 29 others",
        (value("attacks", "lease_postgres", "starts", attack="poison") <= 3)
        & (value("attacks", "lease_postgres", "finished", attack="poison") >= 29),
        tier="default",
    )

    again = suite.comparison(
        "kill_again",
        title="LeaseQueue killed again and again, 8 tasks each time",
        kind="value",
        unit="tasks",
        metrics={"lost": "tasks", "twice": "tasks", "rounds": Metric("rounds", "higher")},
        tier="default",
        limit=1800,
    )
    again.add("lease_sqlite", partial(_kills, "sqlite"))
    suite.claim(
        "no kill of them loses a task",
        value("kill_again", "lease_sqlite", "lost") <= 0,
        tier="default",
    )

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
        value("evolution", "naive_thread", "lost") >= 60,
    )
    suite.claim(
        "leases and keys lose nothing and charge nothing twice",
        (value("evolution", "production_lease", "lost") <= 0)
        & (value("evolution", "production_lease", "effects_twice") <= 0),
    )


def _attacked(row: str, attack: str) -> Figures:
    return _attack(row, "production", attack)
