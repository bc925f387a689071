"""sortedcontainers, the bucket list that ours has to beat."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import looks

NEEDS = "sortedcontainers"


def sorted_values(values: list[float]) -> Any:
    """Return a sorted container of values."""
    return import_module("sortedcontainers").SortedList(values)


def sorted_items(keys: list[int]) -> Callable[[], int]:
    """Write keys, and ask for the least one from a bound."""
    return partial(looks, import_module("sortedcontainers").SortedDict, keys)
