"""The trees of a pairing heap and how they are linked; all loops, no recursion.

A pairing heap: a tree of any shape, repaired only when its root is taken.

Push, meld and (conjectured for long, o(log n) proved) decrease-key only link two trees; all the
work is in `pop`, which links the root's children in pairs from left to right and then all pairs
from right to left (Fredman, Sedgewick, Sleator, Tarjan 1986). Both passes are loops. In Python
a link is four attribute stores, so `heapq` wins unless whole heaps are melded (`priority_queues`).
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import OwnCopies, ensure, refuse_nan

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


class PairingHeap(OwnCopies, Generic[T]):
    """Items with priorities, the least first.

    >>> heap = PairingHeap()
    >>> handle = heap.push("late", 9); _ = heap.push("soon", 2)
    >>> heap.decrease_key(handle, 1)
    >>> heap.pop()
    ('late', 1)
    """

    __slots__ = ("_root", "_size")

    def __init__(self) -> None:
        self._root: Node[T] | None = None
        self._size = 0

    def _state(self) -> Any:
        entries, waiting = [], [] if self._root is None else [self._root]
        while waiting:
            node = waiting.pop()
            entries.append((node.item, node.priority))
            waiting += [each for each in (node.next, node.child) if each is not None]
        return entries

    def _restore(self, state: Any) -> None:
        """Build a heap of its own; handles of the original are none of it."""
        PairingHeap.__init__(self)
        for item, priority in state:
            self.push(item, priority)

    def __len__(self) -> int:
        return self._size

    def push(self, item: T, priority: Any) -> Node[T]:
        """Add an item and return its handle. O(1).

        Raises:
            ValueError: the priority is NaN.
            TypeError: it cannot be compared; the heap is as it was before.
        """
        refuse_nan(priority)
        node = Node(item, priority)
        self._root = node if self._root is None else link(self._root, node)
        self._size += 1
        return node

    def peek(self) -> tuple[T, Any]:
        """Return the item of least priority and the priority; raises IndexError when empty."""
        if self._root is None:
            raise IndexError("peek into an empty heap")
        return self._root.item, self._root.priority

    def pop(self) -> tuple[T, Any]:
        """Remove and return the item of least priority. O(log n) amortised.

        Raises:
            IndexError: the heap is empty.
        """
        root = self._root
        if root is None:
            raise IndexError("pop from an empty heap")
        self._root = pair(root)
        self._size -= 1
        root.child, root.before = None, root  # a root of nothing: no longer a handle
        return root.item, root.priority

    def decrease_key(self, node: Node[T], priority: Any) -> None:
        """Lower the priority of a handle's item.

        Raises:
            ValueError: the priority is higher than the item's or NaN, or the item has left.
        """
        refuse_nan(priority)
        _refuse_gone(node)
        if node.priority < priority:
            raise ValueError(f"{priority!r} is more than {node.priority!r}; remove and push it")
        root = self._root
        if root is None or node is root:
            node.priority = priority
            return
        least = priority < root.priority  # the last comparison, before anything changes
        node.priority = priority
        cut(node)
        self._root = adopt(node, root) if least else adopt(root, node)

    def remove(self, node: Node[T]) -> T:
        """Remove a handle's item and return it. O(log n) amortised.

        Raises:
            ValueError: the item has left already.
        """
        _refuse_gone(node)
        if node is self._root:
            return self.pop()[0]
        rest = pair(node)
        cut(node)
        if rest is not None and self._root is not None:
            adopt(self._root, rest)
        self._size -= 1
        node.child, node.before = None, node
        return node.item

    def meld(self, other: PairingHeap[T]) -> None:
        """Take everything out of another heap; its handles stay valid here. O(1).

        Raises:
            ValueError: `other` is this heap.
        """
        if other is self:
            raise ValueError("a heap cannot be melded with itself")
        if self._root is None:
            self._root = other._root
        elif other._root is not None:
            self._root = link(self._root, other._root)
        self._size += other._size
        other._root, other._size = None, 0

    def check(self) -> None:
        """Verify order, links and size; raises AssertionError. O(n)."""
        reached, waiting = 0, [] if self._root is None else [self._root]
        while waiting:
            node = waiting.pop()
            reached += 1
            before, child = node, node.child
            while child is not None:
                ensure(child.before is before, "a broken link")
                ensure(not child.priority < node.priority, "a child is less than its parent")
                waiting.append(child)
                before, child = child, child.next
        ensure(reached == self._size, f"{reached} nodes, but the size is {self._size}")


def _refuse_gone(node: Node[Any]) -> None:
    if node.before is node:
        raise ValueError(f"{node.item!r} has left the heap; push it again")
