"""The trees of a pairing heap and how they are linked; all loops, no recursion."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Node(Generic[T]):
    """An entry of a `PairingHeap`, and the handle to change or remove it."""

    __slots__ = ("before", "child", "item", "next", "priority")

    def __init__(self, item: T, priority: Any) -> None:
        self.item = item
        self.priority = priority
        self.child: Node[T] | None = None
        self.next: Node[T] | None = None
        # The left sibling, or the parent of a first child; None for a root.
        self.before: Node[T] | None = None


def adopt(above: Node[T], root: Node[T]) -> Node[T]:
    """Make a root the first child of another one, and return that."""
    first = above.child
    root.next, root.before = first, above
    if first is not None:
        first.before = root
    above.child = root
    return above


def link(a: Node[T], b: Node[T]) -> Node[T]:
    """Make the larger of two roots the first child of the other; of equals, `a` stays above."""
    return adopt(b, a) if b.priority < a.priority else adopt(a, b)


def cut(node: Node[T]) -> None:
    """Take a node, with all below it, out of its place."""
    before, after = node.before, node.next
    if before is not None:
        if before.child is node:
            before.child = after
        else:
            before.next = after
    if after is not None:
        after.before = before
    node.before = node.next = None


def pair(above: Node[T]) -> Node[T] | None:
    """Link the trees below a node into one; they stay below it when a comparison raises."""
    apart: list[Node[T]] = []
    child, above.child = above.child, None
    while child is not None:
        apart.append(child)
        child.before, child.next, child = None, None, child.next
    apart.reverse()
    pairs: list[Node[T]] = []
    try:
        while len(apart) > 1:
            pairs.append(link(apart[-1], apart[-2]))
            del apart[-2:]
        pairs += apart
        apart.clear()
        while len(pairs) > 1:
            pairs[-2:] = [link(pairs[-2], pairs[-1])]
    except BaseException:
        for tree in (*pairs, *apart):
            adopt(above, tree)
        raise
    return pairs[0] if pairs else None
