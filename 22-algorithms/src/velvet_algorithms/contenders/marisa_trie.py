"""marisa-trie: a static trie in C++ of a few bytes a word."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from importlib import import_module
from typing import Any

NEEDS = "marisa-trie"


def _index(weights: dict[str, int]) -> Any:
    return import_module("marisa_trie").Trie(sorted(weights))


indexes = {"marisa-trie": _index}


def _completions(given: tuple[dict[str, int], list[str]]) -> Callable[[], list[list[str]]]:
    trie, (weights, prefixes) = _index(given[0]), given
    return lambda: [
        heapq.nlargest(10, trie.keys(prefix), key=weights.__getitem__) for prefix in prefixes
    ]


completions = {"marisa-trie": _completions}
