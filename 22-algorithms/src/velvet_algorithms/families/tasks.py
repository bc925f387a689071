"""Contenders for an order of tasks that respects who waits for whom."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

from velvet_algorithms.components import toposort
from velvet_algorithms.contenders import contender, workload

Number = Callable[[], int]
Tasks = dict[int, list[int]]


@workload("tasks")
def _tasks(n: int, seed: int) -> Tasks:
    """Return n tasks, each after up to three of those before it, in a shuffled order."""
    rng = random.Random(seed)
    tasks = list(range(n))
    rng.shuffle(tasks)
    return {
        task: sorted({tasks[rng.randrange(place)] for _ in range(min(place, 3))})
        for place, task in enumerate(tasks)
    }


def checked(order: Callable[[], list[int]], given: Tasks) -> Callable[[], list[int]]:
    """Return `order` if it respects `given`; orders differ where tasks are free to be swapped.

    Raises:
        ValueError: a task came before one that it waits for.
    """
    place = {task: number for number, task in enumerate(order())}
    if any(place[early] >= place[task] for task, before in given.items() for early in before):
        raise ValueError("a task came before its predecessor")
    return order


@contender("tasks", "kahn", "ours")
def _(given: Tasks) -> Number:
    order = checked(lambda: toposort(given), given)
    return lambda: len(order())


@contender("tasks", "graphlib", "builtin")
def _(given: Tasks) -> Number:
    sorter = importlib.import_module("graphlib").TopologicalSorter
    order = checked(lambda: list(sorter(given).static_order()), given)
    return lambda: len(order())


@contender("tasks", "networkx", "python", needs="networkx")
def _(given: Tasks) -> Number:
    networkx: Any = importlib.import_module("networkx")

    def run() -> list[int]:
        made = networkx.DiGraph()
        made.add_nodes_from(given)
        made.add_edges_from((early, task) for task, before in given.items() for early in before)
        return list(networkx.topological_sort(made))

    order = checked(run, given)
    return lambda: len(order())
