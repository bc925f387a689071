"""A pairing heap: a tree of any shape, repaired only when its root is taken.

Push, meld and (conjectured for long, o(log n) proved) decrease-key only link two trees; all the
work is in `pop`, which links the root's children in pairs from left to right and then all pairs
from right to left (Fredman, Sedgewick, Sleator, Tarjan 1986). Both passes are loops. In Python
a link is four attribute stores, so `heapq` wins unless whole heaps are melded (`priority_queues`).
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from velvet_algorithms.ordering import refuse_nan
from velvet_algorithms.pairing_nodes import Node, adopt, cut, link, pair

T = TypeVar("T")


class PairingHeap(Generic[T]):
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
                assert child.before is before, "a broken link"
                assert not child.priority < node.priority, "a child is less than its parent"
                waiting.append(child)
                before, child = child, child.next
        assert reached == self._size, f"{reached} nodes, but the size is {self._size}"


def _refuse_gone(node: Node[Any]) -> None:
    if node.before is node:
        raise ValueError(f"{node.item!r} has left the heap; push it again")
