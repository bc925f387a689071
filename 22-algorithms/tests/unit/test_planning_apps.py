"""Jobs and routes: plans that hold, charts that fit, and what is refused."""

from __future__ import annotations

import pytest

from velvet_algorithms.components import CycleError
from velvet_algorithms.scheduling import JobScheduler

DURATIONS = {"fetch": 2, "build": 4, "lint": 1, "test": 3, "docs": 2, "ship": 1}
NEEDS = {"build": ["fetch"], "test": ["build"], "docs": ["fetch"], "ship": ["test", "docs"]}


def test_jobs_come_after_what_they_need() -> None:
    order = JobScheduler(DURATIONS, NEEDS).order()

    assert sorted(order) == sorted(DURATIONS)
    assert all(order.index(b) < order.index(job) for job, before in NEEDS.items() for b in before)


def test_two_workers_reach_the_critical_path_here() -> None:
    jobs = JobScheduler(DURATIONS, NEEDS)

    assert jobs.critical_path() == (10, ["fetch", "build", "test", "ship"])
    assert jobs.plan(2).makespan == 10
    assert jobs.plan(1).makespan == sum(DURATIONS.values())


def test_the_chart_shows_every_job_for_its_time() -> None:
    jobs = JobScheduler(DURATIONS, NEEDS)
    plan = jobs.plan(2)

    chart = jobs.gantt(plan, width=20)

    assert len(chart) == 2
    assert all(len(line) == len("1: ") + 20 for line in chart)
    assert chart[0].startswith("1: fetc")


def test_no_jobs_are_a_plan_of_no_time() -> None:
    jobs = JobScheduler({}, {})

    assert jobs.order() == []
    assert jobs.plan(3).makespan == 0
    assert jobs.gantt(jobs.plan(3)) == []


def test_jobs_that_wait_for_each_other_are_refused() -> None:
    with pytest.raises(CycleError, match="build"):
        JobScheduler({"build": 1, "test": 1}, {"build": ["test"], "test": ["build"]})
    with pytest.raises(ValueError, match="ghost"):
        JobScheduler({"build": 1}, {"build": ["ghost"]})
    with pytest.raises(ValueError, match="machines must be at least 1, got 0"):
        JobScheduler({}, {}).plan(0)
