"""sortedcontainers, the bucket list that ours has to beat."""

from importlib import import_module
from typing import Any

NEEDS = "sortedcontainers"


def sorted_values(values: list[float]) -> Any:
    """Return a sorted container of values."""
    return import_module("sortedcontainers").SortedList(values)
