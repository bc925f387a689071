"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import threading

from velvet.hostile_resources import Resource, ResourceTests
from velvet_numerical import memory


def no_sampler_runs(_: object) -> bool:
    for thread in threading.enumerate():
        if thread.name == "memory-watch":
            thread.join(5.0)  # it was told to end
    return all(thread.name != "memory-watch" for thread in threading.enumerate())


class TestResources(ResourceTests):
    resources = (
        Resource(
            "memory.budget",
            lambda _: 2**40,
            use=memory.budget,
            free=no_sampler_runs,
            elsewhere={"child": "a forked child has no thread that it could end"},
        ),
    )
    excepted = {"machine.threads": "threadpoolctl sets the limit when it is made, before `with`"}
