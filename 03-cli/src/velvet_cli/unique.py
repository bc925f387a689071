"""Two ways to drop repeated items while keeping the first of each, in order.

The naive one remembers what it has seen in a list, so every look walks that list; the
other one asks a dictionary, which keeps insertion order since Python 3.7.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def naive_unique(items: Iterable[T]) -> list[T]:
    """Return the items without repeats, in order of their first appearance.

    Complexity: O(n * u) for n items of which u are different.
    """
    seen: list[T] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def unique(items: Iterable[T]) -> list[T]:
    """Return the items without repeats, in order of their first appearance.

    Complexity: O(n) on average.

    >>> unique([3, 1, 3, 2, 1])
    [3, 1, 2]

    Raises:
        TypeError: an item cannot be hashed.
    """
    return list(dict.fromkeys(items))
