"""Minima (or any idempotent product) of ranges that never change, in O(1) per question.

Row j holds the answers for all ranges of length 2^j. Any range is covered by two of them, which
may overlap, because min(a, a) is a. Building costs O(n log n) time and memory, in C as far as
the operation is: a row is one `map` over the row before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class SparseTable(Generic[T]):
    """The products of all ranges of a fixed sequence under an idempotent operation.

    Args:
        op: associative with `op(a, a) == a`, such as min, max, gcd or set union.

    >>> SparseTable([5, 2, 7, 3], min).prod(2, 4)
    3
    """

    __slots__ = ("_op", "_rows")

    def __init__(self, values: Sequence[T], op: Callable[[T, T], T]) -> None:
        self._op = op
        self._rows = [list(values)]
        width = 1
        while 2 * width <= len(values):
            row = self._rows[-1]
            self._rows.append(list(map(op, row, row[width:])))
            width *= 2

    def __len__(self) -> int:
        return len(self._rows[0])

    def prod(self, start: int, stop: int) -> T:
        """Return the product of items from `start` up to but not including `stop`. O(1).

        Raises:
            ValueError: the range is empty (it has no minimum) or reaches outside.
        """
        if not 0 <= start < stop <= len(self._rows[0]):
            raise ValueError(f"need 0 <= start < stop <= {len(self)}, got {start!r}, {stop!r}")
        level = (stop - start).bit_length() - 1
        row = self._rows[level]
        return self._op(row[start], row[stop - (1 << level)])
