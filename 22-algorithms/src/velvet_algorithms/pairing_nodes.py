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
    """Link the trees below a node into one; they stay below it when a comparison raises.

    `link` is written out twice: nearly all the work of a pairing heap is done here.
    """
    pairs: list[Node[T]] = []
    waiting = above.child
    try:
        while waiting is not None:  # from left to right, two and two
            a, b = waiting, waiting.next
            if b is None:
                pairs.append(a)
                waiting = None
                break
            rest = b.next
            if b.priority < a.priority:
                a, b = b, a
            first = a.child
            b.next, b.before, a.child = first, a, b
            if first is not None:
                first.before = b
            pairs.append(a)
            waiting = rest
        while len(pairs) > 1:  # from right to left, all into one
            a, b = pairs[-2], pairs[-1]
            if b.priority < a.priority:
                a, b = b, a
            del pairs[-1]
            first = a.child
            b.next, b.before, a.child = first, a, b
            if first is not None:
                first.before = b
            pairs[-1] = a
    except BaseException:
        above.child = waiting
        if waiting is not None:
            waiting.before = above
        for tree in pairs:
            adopt(above, tree)
        raise
    above.child = None
    if not pairs:
        return None
    root = pairs[0]
    root.before = root.next = None
    return root
