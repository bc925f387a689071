"""Plain Python over lists: the loop that everything else is measured against.

The arithmetic is written once for any number type, so that the same functions, given mpmath
numbers of fifty digits, are the oracle of all other contenders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

TAKES = "list"
Vector = Sequence[Any]
Matrix = Sequence[Sequence[Any]]


def axpy(a: Any, x: Vector, y: Vector) -> list[Any]:
    """Return a*x + y: 2n flops over 24n bytes, 0.083 flop/byte."""
    return [a * p + q for p, q in zip(x, y, strict=True)]


def dot(x: Vector, y: Vector) -> Any:
    """Return the scalar product: 2n flops over 16n bytes, 0.125 flop/byte."""
    total = 0.0
    for p, q in zip(x, y, strict=True):
        total += p * q
    return total


def distance(x: Vector, y: Vector) -> Any:
    """Return the Euclidean distance of two vectors: 3n flops over 16n bytes, 0.188 flop/byte."""
    total = 0.0
    for p, q in zip(x, y, strict=True):
        total += (p - q) * (p - q)
    return math.sqrt(total)


def polynomial(x: Vector) -> list[Any]:
    """Return a cubic by Horner's rule: 6n flops over 16n bytes, 0.375 flop/byte."""
    return [((2.0 * p - 3.0) * p + 5.0) * p - 7.0 for p in x]


def exp_sum(x: Vector) -> Any:
    """Return the sum of exp(-x): about 20n flops over 8n bytes."""
    total = 0.0
    for p in x:
        total += math.exp(-p)
    return total


def loop_sum(x: Vector) -> Any:
    """Return the sum by an explicit loop: n flops over 8n bytes, 0.125 flop/byte."""
    total = 0.0
    for p in x:
        total += p
    return total


def builtin_sum(x: Vector) -> Any:
    """Return the sum by the builtin, which is a loop in C (compensated since Python 3.12)."""
    return sum(x)


def sort(x: Vector) -> list[Any]:
    """Return the values in ascending order."""
    return sorted(x)


def recurrence(x: Vector, keep: float) -> list[Any]:
    """Return y[i] = keep*y[i-1] + (1 - keep)*x[i]: each element needs the one before it."""
    out, last = [], 0.0
    for p in x:
        last = keep * last + (1.0 - keep) * p
        out.append(last)
    return out


def early_exit(x: Vector, limit: float) -> int:
    """Return the index of the first value above `limit`, -1 without one."""
    for index, p in enumerate(x):
        if p > limit:
            return index
    return -1


def stencil2d(grid: Matrix) -> list[list[Any]]:
    """Return one Jacobi step of the five-point stencil: 4 flops a cell, about 0.25 flop/byte."""
    rows, columns = len(grid), len(grid[0])
    out = [list(row) for row in grid]
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            around = grid[i - 1][j] + grid[i + 1][j] + grid[i][j - 1] + grid[i][j + 1]
            out[i][j] = 0.25 * around
    return out


def mandelbrot(c: Vector, steps: int) -> list[int]:
    """Return after how many steps of z*z + c each point leaves the circle of radius 2."""
    out = []
    for point in c:
        z, count = 0.0 * point, 0
        while count < steps and z.real * z.real + z.imag * z.imag <= 4.0:
            z = z * z + point
            count += 1
        out.append(count)
    return out


def pairwise_distance(points: Matrix) -> list[list[Any]]:
    """Return the distance of each point to each other one."""
    return [[distance(p, q) for q in points] for p in points]


def matmul(a: Matrix, b: Matrix) -> list[list[Any]]:
    """Return the matrix product: 2n^3 flops over 24n^2 bytes, n/12 flop/byte if caches are ideal."""
    columns = list(zip(*b, strict=True))
    return [[dot(row, column) for column in columns] for row in a]


def transpose(a: Matrix) -> list[list[Any]]:
    """Return the transposed matrix as new lists."""
    return [list(column) for column in zip(*a, strict=True)]
