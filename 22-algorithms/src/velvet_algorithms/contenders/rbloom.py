"""rbloom: a Bloom filter written in Rust."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.builtin import one_by_one
from velvet_algorithms.samples.workloads import Membership

NEEDS = "rbloom"


def empty(capacity: int, error: float) -> Any:
    """Return an empty filter."""
    return import_module("rbloom").Bloom(capacity, error)


def membership(given: Membership) -> Callable[[], int]:
    """Ask for keys one by one."""
    return one_by_one(empty(max(1, len(given.added)), 0.01), given)
