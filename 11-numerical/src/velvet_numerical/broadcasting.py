"""Broadcasting: the rule, why it failed, and what it costs.

Shapes are aligned at the right. On each axis the sizes must be equal, or one of them 1, which is
then repeated by a stride of zero: no element is copied. What costs memory is the result.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import DTypeLike

from velvet_numerical.errors import ShapeMismatch

Shape = tuple[int, ...]


def broadcast_shape(*shapes: Shape) -> Shape:
    """Return the shape of an element-wise result.

    Raises:
        ShapeMismatch: names the first axis from the right that does not fit.

    >>> broadcast_shape((8, 1, 6), (7, 1))
    (8, 7, 6)
    """
    result: list[int] = []
    columns = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
    for place, sizes in enumerate(columns, start=1):
        if any(size < 0 for size in sizes):
            raise ValueError(f"a shape has no negative sizes: {min(sizes)}")
        wide = [operator.index(size) for size in sizes if size != 1] or [1]
        if different := [size for size in wide if size != wide[0]]:
            raise ShapeMismatch(-place, (wide[0], different[0]))
        result.append(wide[0])
    return tuple(reversed(result))


def explain_broadcast(*shapes: Shape) -> str:
    """Return the shapes aligned at the right, with the result or the axis that does not fit.

    >>> print(explain_broadcast((4, 3), (3,)))
    operand 1   4  3
    operand 2      3
    result      4  3
    """
    rows, last = [*shapes], ""
    try:
        rows.append(broadcast_shape(*shapes))
    except ShapeMismatch as error:
        last = f"no result: {error}"
    width = max((len(str(size)) for shape in rows for size in shape), default=1) + 2
    axes = max(map(len, rows), default=0)
    lines = []
    for number, shape in enumerate(rows, start=1):
        name = f"operand {number}" if number <= len(shapes) else "result"
        sizes = [""] * (axes - len(shape)) + [str(size) for size in shape]
        lines.append(f"{name:10}" + "".join(f"{size:>{width}}" for size in sizes))
    return "\n".join([*lines, *([last] if last else [])])


@dataclass(frozen=True)
class BroadcastCost:
    """Bytes that an expression needs.

    Attributes:
        result: of the broadcast result.
        temporaries: of the intermediate results of an expression with one operator between each
            pair of operands, when nothing is written in place.
        expanded: of copying every operand to the full shape, which broadcasting avoids.
    """

    result: int
    temporaries: int
    expanded: int


def broadcast_cost(*shapes: Shape, dtype: DTypeLike = np.float64) -> BroadcastCost:
    """Return what `a + b + ...` over these shapes costs, evaluated from the left.

    >>> broadcast_cost((1000, 1), (1, 1000)).result
    8000000
    """
    size = np.dtype(dtype).itemsize
    steps = [broadcast_shape(*shapes[:upto]) for upto in range(2, len(shapes) + 1)]
    full = math.prod(broadcast_shape(*shapes)) * size
    temporary = sum(math.prod(shape) for shape in steps[:-1]) * size
    return BroadcastCost(full, temporary, full * len(shapes))
