"""Plan a build: what must wait for what, what decides the end, and who does what when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from velvet_algorithms.components import critical_path, toposort
from velvet_algorithms.hashing import checked_whole
from velvet_algorithms.scheduling import Plan, list_schedule


@dataclass(frozen=True)
class Task:
    """One job in a plan: which worker does it from when to when."""

    name: str
    worker: int
    start: float
    end: float


class JobScheduler:
    """Jobs with durations that wait for each other, planned on a number of workers.

    Args:
        durations: of each job, in any unit.
        needs: job -> jobs that have to end before it.

    Raises:
        CycleError: jobs wait for each other; the message lists them.
        ValueError: a duration is negative or missing.

    >>> jobs = JobScheduler({"build": 3, "test": 2, "docs": 1}, {"test": ["build"]})
    >>> jobs.critical_path()
    (5.0, ['build', 'test'])
    >>> jobs.plan(2).makespan
    5.0
    """

    def __init__(self, durations: Mapping[str, float], needs: Mapping[str, Iterable[str]]) -> None:
        self.durations = dict(durations)
        self.needs = {job: tuple(before) for job, before in needs.items()}
        self._chain = critical_path(self.durations, self.needs)

    def order(self) -> list[str]:
        """Return all jobs such that each comes after what it needs."""
        return toposort({**dict.fromkeys(self.durations, ()), **self.needs})

    def critical_path(self) -> tuple[float, list[str]]:
        """Return the length of the chain that no number of workers shortens, and the chain."""
        return self._chain.length, list(self._chain.path)

    def plan(self, workers: int) -> Plan:
        """Return a plan that is at most 2 - 1/workers times as long as the best one.

        Raises:
            ValueError: `workers` is smaller than 1.
        """
        return list_schedule(self.durations, self.needs, workers)

    def tasks(self, plan: Plan) -> list[Task]:
        """Return the jobs of a plan by start and worker."""
        rows = zip(self.durations, plan.machine, plan.start, plan.end, strict=True)
        return sorted((Task(*row) for row in rows), key=lambda task: (task.start, task.worker))

    def gantt(self, plan: Plan, width: int = 60) -> list[str]:
        """Return a line per worker: each job as its first letters, repeated over its time.

        Raises:
            ValueError: `width` is smaller than 1.
        """
        checked_whole("width", width)
        scale = width / plan.makespan if plan.makespan else 0.0
        rows: dict[int, list[str]] = {}
        for task in self.tasks(plan):
            row = rows.setdefault(task.worker, ["."] * width)
            first, last = round(task.start * scale), round(task.end * scale)
            for place, letter in zip(range(first, last), f"{task.name:-<{width}}", strict=False):
                row[place] = letter
        return [f"{worker + 1}: {''.join(rows[worker])}" for worker in sorted(rows)]
