"""A pairing heap: a tree of any shape, repaired only when its root is taken.

Push, meld and (conjectured for long, o(log n) proved) decrease-key only link two trees; all the
work is in `pop`, which links the root's children in pairs from left to right and then all pairs
from right to left (Fredman, Sedgewick, Sleator, Tarjan 1986). Both passes are loops. In Python
a link is four attribute stores, so `heapq` wins unless whole heaps are melded (`priority_queues`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from velvet_algorithms.contract import changed_meanwhile, ensure, refuse_nan

T = TypeVar("T")


class Node(Generic[T]):
    """An entry of a `PairingHeap`, and the handle to change or remove it."""

    __slots__ = ("before", "child", "item", "next", "priority")

    def __init__(self, item: T, priority: Any) -> None:
        self.item = item
        self.priority = priority
        self.child: Node[T] | None = None
        self.next: Node[T] | None = None
        # The left sibling, or the parent of a first child; None for a root, itself once it left.
        self.before: Node[T] | None = None

    def _adopt(self, root: Node[T]) -> Node[T]:
        """Make a root the first child of this node, and return this."""
        first = self.child
        root.next, root.before, self.child = first, self, root
        if first is not None:
            first.before = root
        return self

    def _cut(self) -> None:
        """Take this node, with all below it, out of its place."""
        before, after = self.before, self.next
        if before is not None:
            if before.child is self:
                before.child = after
            else:
                before.next = after
        if after is not None:
            after.before = before
        self.before = self.next = None

    def _pair(self) -> Node[T] | None:
        """Link the trees below this node into one; they stay below it when a comparison raises."""
        pairs: list[Node[T]] = []
        waiting = self.child
        try:
            while waiting is not None and waiting.next is not None:  # left to right, two and two
                a, b, rest = waiting, waiting.next, waiting.next.next
                pairs.append(b._adopt(a) if b.priority < a.priority else a._adopt(b))
                waiting = rest
            if waiting is not None:
                pairs.append(waiting)
                waiting = None
            while len(pairs) > 1:  # right to left, all into one
                a, b = pairs[-2:]
                pairs[-2:] = [b._adopt(a) if b.priority < a.priority else a._adopt(b)]
        except BaseException:
            self.child = waiting
            if waiting is not None:
                waiting.before = self
            for tree in pairs:
                self._adopt(tree)
            raise
        self.child = None
        if not pairs:
            return None
        root = pairs[0]
        root.before = root.next = None
        return root


class PairingHeap(Generic[T]):
    """Items with priorities, the least first; a copy has handles of its own.

    >>> heap = PairingHeap()
    >>> handle = heap.push("late", 9); _ = heap.push("soon", 2)
    >>> heap.decrease_key(handle, 1)
    >>> heap.pop()
    ('late', 1)
    """

    __slots__ = ("_busy", "_root", "_size")

    def __init__(self, entries: Iterable[tuple[T, Any]] = ()) -> None:
        self._root: Node[T] | None = None
        self._size = 0
        self._busy = False  # while the children of what is removed are linked
        for item, priority in entries:
            self.push(item, priority)

    def __reduce__(self) -> Any:
        entries, waiting = [], [self._root]
        while waiting:
            if (node := waiting.pop()) is not None:
                entries.append((node.item, node.priority))
                waiting += [node.next, node.child]
        return type(self), (entries,)

    def __len__(self) -> int:
        return self._size

    def push(self, item: T, priority: Any) -> Node[T]:
        """Add an item and return its handle; raises ValueError for NaN. O(1)."""
        refuse_nan(priority)
        node = Node(item, priority)
        self._link(node)
        self._size += 1
        return node

    def _link(self, other: Node[T]) -> None:
        """Make the larger root the first child of the other; of equals, ours stays above."""
        root = self._root
        less = root is None or other.priority < root.priority
        if self._root is not root or self._busy:  # the comparison came back
            raise changed_meanwhile()
        if root is None:
            self._root = other
        elif less:
            self._root = other._adopt(root)
        else:
            root._adopt(other)

    def peek(self) -> tuple[T, Any]:
        """Return the item of least priority and the priority; raises IndexError when empty."""
        if self._root is None:
            raise IndexError("an empty heap has no least entry")
        return self._root.item, self._root.priority

    def pop(self) -> tuple[T, Any]:
        """Remove and return the item of least priority; raises IndexError when empty."""
        item, priority = self.peek()
        if self._root is not None:
            self.remove(self._root)
        return item, priority

    def decrease_key(self, node: Node[T], priority: Any) -> None:
        """Lower the priority of a handle's item; ValueError where it is higher, NaN or has left."""
        refuse_nan(priority)
        self._refuse_gone(node)
        if node.priority < priority:
            raise ValueError(f"{priority!r} is more than {node.priority!r}; remove and push it")
        root = self._root
        if root is None or node is root:
            node.priority = priority
            return
        least = priority < root.priority  # the last comparison, before anything changes
        self._refuse_gone(node)
        if self._root is not root:
            raise changed_meanwhile()
        node.priority = priority
        node._cut()
        self._root = node._adopt(root) if least else root._adopt(node)

    def remove(self, node: Node[T]) -> T:
        """Remove a handle's item and return it; raises ValueError where it has left."""
        self._refuse_gone(node)
        self._busy = True
        try:
            rest = node._pair()
        finally:
            self._busy = False
        if node is self._root:
            self._root = rest
        else:
            node._cut()
            if rest is not None and self._root is not None:
                self._root._adopt(rest)
        self._size -= 1
        node.child, node.before = None, node
        return node.item

    def _refuse_gone(self, node: Node[T]) -> None:
        if self._busy:
            raise changed_meanwhile()
        if node.before is node:
            raise ValueError(f"{node.item!r} has left the heap; push it again")

    def meld(self, other: PairingHeap[T]) -> None:
        """Take everything out of another heap; its handles stay valid here. O(1)."""
        if other is self:
            raise ValueError("a heap cannot be melded with itself")
        if other._root is not None:
            self._link(other._root)
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
