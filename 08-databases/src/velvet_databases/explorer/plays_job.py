"""Every anomaly at every level, played for real: the child's part."""

from __future__ import annotations

from dataclasses import asdict

from velvet_databases.anomalies import ANOMALIES, verdict
from velvet_databases.explorer.layers_job import sqlite_file
from velvet_databases.explorer.telling import Budget, Tell, postgres, steps
from velvet_databases.isolation_stage import LEVELS


def plays(tell: Tell, budget: Budget, *, anomaly: str, use_postgres: bool) -> None:
    """Tell what each step did, and whether it went wrong.

    Raises:
        KeyError: there is no such anomaly.
    """
    names = [anomaly] if anomaly else list(ANOMALIES)
    for name in names:
        one = ANOMALIES[name]
        tell({"type": "anomaly", "name": name, "title": one.title, "meaning": one.meaning})
    if use_postgres:
        with postgres(tell, budget) as url:
            _on(tell, budget, url, "postgresql", names)
    else:
        budget.start()
        with sqlite_file() as url:
            _on(tell, budget, url, "sqlite", names)


def _on(tell: Tell, budget: Budget, url: str, backend: str, names: list[str]) -> None:
    next_one = steps(tell, len(LEVELS[backend]) * len(names))
    for level in LEVELS[backend]:
        for name in names:
            next_one(f"{name} at {level}")
            if budget.over():
                return
            found, played = verdict(url, level, name)
            tell(
                {
                    "type": "play",
                    "backend": backend,
                    "level": level,
                    "anomaly": name,
                    "verdict": found,
                    "final": [list(row) for row in played.final],
                    "steps": [asdict(one) for one in played.results],
                }
            )
