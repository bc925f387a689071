"""Dtypes: what wraps, what raises, and what an operation promotes to (NEP 50).

Arrays never grow their dtype with their values: uint8 200 + 100 is 44 without a word, while a
Python integer that does not fit raises. The table here is computed by the installed NumPy.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from velvet_numerical.errors import numeric

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
}
INTEGERS = tuple(np.dtype(f"{kind}{size}") for size in (1, 2, 4, 8) for kind in "ui")


def safe_dtype(
    values: Any, operation: Literal["store", "sum", "multiply"] = "store"
) -> np.dtype[Any]:
    """Return the smallest dtype in which no result of an operation over the values can wrap.

    Args:
        values: as `np.asarray` reads them: np.uint64 beside a Python integer is float64.
        operation: ``store`` them, ``sum`` them all, or ``multiply`` any two.

    Raises:
        OverflowError: no integer dtype is wide enough.
        ValueError: there are no values, or the operation is unknown.

    >>> safe_dtype([200, 100], "sum"), safe_dtype([-1, 100])
    (dtype('uint16'), dtype('int8'))
    """
    array = numeric(values)
    if not array.size:
        raise ValueError("there are no values to find a dtype for")
    if array.dtype.kind in "fc":
        return array.dtype
    least, most = int(array.min()), int(array.max())
    if operation == "sum":
        least, most = sum(int(v) for v in array.ravel() if v < 0), sum(
            int(v) for v in array.ravel() if v > 0
        )
    elif operation == "multiply":
        products = [least * least, least * most, most * most]
        least, most = min(products), max(products)
    elif operation != "store":
        raise ValueError(f"operation is store, sum or multiply, not {operation!r}")
    for dtype in INTEGERS:
        info = np.iinfo(dtype)
        if info.min <= least and most <= info.max:
            return dtype
    raise OverflowError(f"no integer dtype holds {least}..{most}; use float64 or Python integers")


@dataclass(frozen=True)
class Overflow:
    """What one operation does with a value that does not fit.

    Attributes:
        outcome: ``fits``, ``wraps``, ``raises`` or ``to infinity``.
        result: the value that comes out; the error's name when it raises.
    """

    outcome: Literal["fits", "wraps", "raises", "to infinity"]
    dtype: str
    result: str

    def __str__(self) -> str:
        told = {"fits": "", "wraps": "wraps to "}.get(self.outcome, f"{self.outcome} ")
        return f"{self.dtype}: {told}{self.result}"


def overflow_report(operation: str, a: Any, b: Any) -> Overflow:
    """Return what `a <operation> b` does in NumPy, beside what exact arithmetic says.

    Without a number of NumPy among the operands it is a TypeError.

    >>> print(overflow_report("add", np.uint8(200), np.uint8(100)))
    uint8: wraps to 44
    >>> overflow_report("add", np.uint8(200), 300).outcome
    'raises'
    """
    if operation not in OPERATIONS:
        raise ValueError(f"operation is one of {', '.join(OPERATIONS)}, not {operation!r}")
    apply = OPERATIONS[operation]
    for operand in (a, b):
        if not isinstance(operand, (int, float, complex)):  # a Python integer may have any size
            numeric(operand)
    fixed = [x for x in (a, b) if isinstance(x, (np.generic, np.ndarray))]
    if not fixed:
        raise TypeError("one operand must be of NumPy: Python's own integers never wrap")
    dtype = str(np.result_type(*fixed))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = apply(a, b)
        except OverflowError as error:
            return Overflow("raises", dtype, type(error).__name__)
    dtype = str(np.asarray(found).dtype)
    if np.asarray(found).dtype.kind in "fc":
        finite = np.isfinite(np.asarray(a)).all() and np.isfinite(np.asarray(b)).all()
        went = bool(finite and not np.isfinite(found).all())
        return Overflow("to infinity" if went else "fits", dtype, str(found))
    exact = apply(np.asarray(a).astype(object), np.asarray(b).astype(object))
    same = bool(np.all(np.asarray(found).astype(object) == exact))
    return Overflow("fits" if same else "wraps", dtype, str(found))


@dataclass(frozen=True)
class Cast:
    """What a conversion loses.

    Attributes:
        changed: how many values differ afterwards.
        example: the first of them, before and after.
    """

    changed: int
    example: str


def cast_audit(values: Any, dtype: Any) -> Cast:
    """Return how many values another dtype changes; `astype` says nothing about it.

    >>> cast_audit([1, 2**53 + 1], np.float64).example
    '9007199254740993 -> 9007199254740992'
    """
    before = numeric(values)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = before.astype(dtype)
    pairs = [
        (x, y)
        for x, y in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True)
        if not (x == y or (x != x and y != y))
    ]
    example = ""
    if pairs:
        x, y = pairs[0]
        example = f"{x} -> {int(y) if isinstance(x, int) and y == y and abs(y) < 1e300 else y}"
    return Cast(len(pairs), example)


def promotion_table(
    names: tuple[str, ...] = ("uint8", "int8", "int32", "int64", "uint64", "float32", "float64"),
) -> dict[tuple[str, str], str]:
    """Return the dtype of each pair's sum, and of each with a Python number, as computed here.

    >>> promotion_table()["int64", "uint64"]
    'float64'
    """
    known = {np.dtype(code).name for code in np.typecodes["AllInteger"] + np.typecodes["AllFloat"]}
    if unknown := [name for name in names if name not in known]:
        raise TypeError(f"the names are those of NumPy's numbers, such as uint8, not {unknown}")
    arrays: dict[str, Any] = {name: np.ones(1, name) for name in names}
    return {
        (left, right): str((array + other).dtype)
        for left, array in arrays.items()
        for right, other in {**arrays, "Python int": 1, "Python float": 1.0}.items()
    }
