"""pygtrie: a trie in pure Python."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from importlib import import_module
from typing import Any

NEEDS = "pygtrie"


def _index(weights: dict[str, int]) -> Any:
    return import_module("pygtrie").CharTrie(weights)


indexes = {"pygtrie": _index}


def completions(given: tuple[dict[str, int], list[str]]) -> Callable[[], list[list[str]]]:
    """Find the ten heaviest words of each prefix."""
    trie, prefixes = _index(given[0]), given[1]

    def top(prefix: str) -> list[str]:
        matches = trie.iteritems(prefix)
        return [word for word, _ in heapq.nlargest(10, matches, key=lambda item: item[1])]

    return lambda: [top(prefix) for prefix in prefixes]
