"""What can be wrong with numerical input, each with the figures that explain it.

Every exception keeps its constructor's arguments in `args`, so that it survives pickling on its
way out of a worker process.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class ShapeMismatch(ValueError):
    """Two shapes do not fit; `axis` counts from the right, as broadcasting does."""

    def __init__(self, axis: int, sizes: tuple[int, int]) -> None:
        super().__init__(axis, sizes)
        self.axis, self.sizes = axis, sizes

    def __str__(self) -> str:
        first, second = self.sizes
        return (
            f"axis {self.axis} has {first} and {second} elements: "
            "they must be equal, or one of them 1"
        )


class WouldCopy(ValueError):
    """The request can only be met by copying the data, which the caller ruled out."""


class IllConditioned(ValueError):
    """The matrix is singular to working precision: no digit of a solution could be believed."""

    def __init__(self, cond: float, digits_left: int) -> None:
        super().__init__(cond, digits_left)
        self.cond, self.digits_left = cond, digits_left

    def __str__(self) -> str:
        return (
            f"condition number {self.cond:.1e} leaves {self.digits_left} digits; "
            "rescale the problem, regularise it, or use more precision"
        )


class BackendUnavailable(ValueError):
    """An array library or a device is not present here."""


class MemoryBudgetExceeded(ValueError):
    """More anonymous memory was used, or would be used, than the caller allowed."""

    def __init__(self, used: int, limit: int) -> None:
        super().__init__(used, limit)
        self.used, self.limit = used, limit

    def __str__(self) -> str:
        return f"{self.used:,} bytes are needed and {self.limit:,} allowed; use smaller chunks"


def numeric(values: Any, *, kinds: str = "biufc") -> NDArray[Any]:
    """Return `values` as an array of numbers, without a copy where it is one already.

    Raises:
        TypeError: the dtype is text, an object, a date, or of no kind in `kinds`.
        ValueError: the nesting is ragged.
    """
    array = np.asarray(values)
    if array.dtype.kind not in kinds:
        raise TypeError(f"numeric dtype required, not {array.dtype}")
    return array


def real(values: Any) -> NDArray[np.float64]:
    """Return `values` as float64; refuse what is not a real number with a TypeError."""
    return numeric(values, kinds="biuf").astype(np.float64, copy=False)


def positive(name: str, value: int) -> int:
    """Return `value`; raise ValueError unless it is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, not {value!r}")
    return int(value)
