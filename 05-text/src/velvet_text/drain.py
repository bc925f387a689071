"""Templates from log messages: Drain (He, Zhu, Zheng, Lyu, ICWS 2017).

Messages of one template have the same number of words and, mostly, the same first words. So a tree
of fixed depth leads from the number of words over the first of them to a few clusters, and only
these are compared. What differs within a cluster becomes `<*>`.

Where it fails: a variable number of words splits one template into many, and a variable first word
fills the tree until it is cut off by `max_children`. Masks help with both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from velvet_text.errors import TextError

ANY = "<*>"
MAX_WORDS = 1_000
# Generic things that vary in any log, the most specific first.
DEFAULT_MASKS: tuple[tuple[str, str], ...] = (
    (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "<uuid>"),
    (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{8,15}Z?\b", "<time>"),
    (r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5})?\b", "<address>"),
    (r"\b0x[0-9a-fA-F]{1,16}\b", "<hex>"),
    (r"(?<![\w.])[-+]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?![\w.])", "<number>"),
)


@dataclass
class Cluster:
    """A template with the number of messages that it stands for."""

    id: int
    words: tuple[str, ...]
    size: int = 1

    @property
    def template(self) -> str:
        """The words, with `<*>` where the messages differ."""
        return " ".join(self.words)


@dataclass
class _Node:
    children: dict[Any, _Node] = field(default_factory=dict)
    clusters: list[Cluster] = field(default_factory=list)


class Drain:
    """Mine templates from messages, one at a time; not thread-safe.

    Args:
        depth: levels of the tree, the first being the number of words; at least 2.
        similarity: the share of equal words from which a message joins a cluster, 0 to 1.
        max_children: branches of a node; what comes later shares one.
        masks: pairs of a pattern and what stands for its matches.

    Raises:
        TextError: an argument outside of its range.

    >>> drain = Drain()
    >>> [drain.add(f"logged in as {name}").template for name in ("ann", "bob")]
    ['logged in as ann', 'logged in as <*>']
    """

    def __init__(
        self,
        *,
        depth: int = 4,
        similarity: float = 0.5,
        max_children: int = 100,
        masks: Sequence[tuple[str, str]] = DEFAULT_MASKS,
    ) -> None:
        if not (depth >= 2 and max_children >= 1 and 0 <= similarity <= 1):
            raise TextError("needs depth >= 2, max_children >= 1 and a similarity from 0 to 1")
        self._levels, self._similarity, self._width = depth - 2, similarity, max_children
        self._masks = [(re.compile(pattern), word) for pattern, word in masks]
        self._root = _Node()
        self._clusters: list[Cluster] = []

    def add(self, message: str) -> Cluster:
        """Return the cluster of a message, which may have become more general by it.

        O(words + clusters in the leaf).
        """
        words = self.words(message)
        leaf = self._leaf(words)
        best, similar = None, -1.0
        for cluster in leaf.clusters:
            equal = sum(a == b for a, b in zip(cluster.words, words, strict=True))
            if equal > similar:
                best, similar = cluster, equal
        if best is None or similar < self._similarity * len(words):
            best = Cluster(len(self._clusters) + 1, words)
            self._clusters.append(best)
            leaf.clusters.append(best)
            return best
        best.words = tuple(a if a == b else ANY for a, b in zip(best.words, words, strict=True))
        best.size += 1
        return best

    def templates(self) -> list[Cluster]:
        """Return the clusters, the largest first."""
        return sorted(self._clusters, key=lambda one: (-one.size, one.id))

    def words(self, message: str) -> tuple[str, ...]:
        """Return the masked words of a message, at most a thousand."""
        for pattern, word in self._masks:
            message = pattern.sub(word, message)
        return tuple(message.split()[:MAX_WORDS])

    def _leaf(self, words: tuple[str, ...]) -> _Node:
        node = self._root.children.setdefault(len(words), _Node())
        for word in words[: self._levels]:
            key = ANY if any(c.isdigit() for c in word) else word
            if key not in node.children and len(node.children) >= self._width:
                key = ANY
            node = node.children.setdefault(key, _Node())
        return node
