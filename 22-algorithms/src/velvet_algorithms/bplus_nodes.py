"""The two kinds of node of a B+ tree, and what must be true of them."""

from __future__ import annotations

from typing import Any


class Leaf:
    """Values, and the leaves before and after."""

    __slots__ = ("after", "before", "values")

    def __init__(self, values: list[Any], before: Leaf | None, after: Leaf | None) -> None:
        self.values, self.before, self.after = values, before, after


class Inner:
    """Children, how many values are under each, and the separators between them.

    No value left of a separator is greater, none right of it is less.
    """

    __slots__ = ("children", "separators", "sizes")

    def __init__(self, children: list[Any], separators: list[Any], sizes: list[int]) -> None:
        self.children, self.separators, self.sizes = children, separators, sizes


def verify(root: Leaf | Inner, size: int) -> list[Any]:
    """Verify lengths, sizes, order and the chain of leaves; return all values.

    Raises:
        AssertionError: naming what is broken.
    """
    leaves: list[Leaf] = []
    waiting: list[tuple[Any, int]] = [(root, size)]
    while waiting:
        node, size = waiting.pop()
        if isinstance(node, Leaf):
            assert len(node.values) == size, "a wrong size of a leaf"
            leaves.append(node)
            continue
        assert sum(node.sizes) == size, "a wrong size of an inner node"
        assert len(node.children) == len(node.separators) + 1 == len(node.sizes), "lengths"
        waiting.extend(reversed(list(zip(node.children, node.sizes, strict=True))))
    for before, after in zip(leaves, [*leaves[1:], None], strict=True):
        assert before.after is after, "a broken chain"
    flat = [value for leaf in leaves for value in leaf.values]
    assert flat == sorted(flat), "values out of order"
    return flat
