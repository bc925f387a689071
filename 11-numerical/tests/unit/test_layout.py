"""What an array is: reports, addresses, views and copies, checked against NumPy itself."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from velvet_numerical import layout
from velvet_numerical.errors import WouldCopy

BASE = np.arange(24.0).reshape(4, 6)
ARRAYS: dict[str, Any] = {
    "C": BASE,
    "F": np.asfortranarray(BASE),
    "transposed": BASE.T,
    "slice": BASE[1:3],
    "column": BASE[:, 2],
    "steps": BASE[::2, ::3],
    "reversed": BASE[::-1],
    "both reversed": BASE[::-1, ::-1],
    "broadcast": np.broadcast_to(np.arange(3.0), (5, 3)),
    "new axis": BASE[:, None],
    "0-d": np.array(3.0),
    "one element": np.zeros((1, 1, 1)),
    "empty": np.zeros((0, 3)),
    "float32": np.zeros((3, 4), np.float32),
    "bytes": np.zeros(7, np.uint8),
    "complex": np.zeros((2, 2), complex),
    "read-only": np.frombuffer(b"12345678", np.float64),
    "field": np.zeros(4, [("a", "i4"), ("b", "f8")])["b"],
    "reshaped": np.arange(24).reshape(2, 3, 4),
    "swapped axes": np.arange(24).reshape(2, 3, 4).swapaxes(0, 2),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_report_agrees_with_numpy_and_with_a_walk_over_all_elements(name: str) -> None:
    a = ARRAYS[name]

    report = layout.describe(a)

    assert (report.shape, report.strides, report.itemsize) == (a.shape, a.strides, a.itemsize)
    assert ("C" in report.order) == a.flags.c_contiguous
    assert ("F" in report.order) == a.flags.f_contiguous
    assert report.owns_data is a.flags.owndata
    assert report.writeable is a.flags.writeable
    assert bool(report.base_chain) == (a.base is not None)
    starts = sorted({layout.address_of(a, index) for index in np.ndindex(a.shape)})
    gaps = sum(after != before + a.itemsize for before, after in pairwise(starts))
    assert report.bytes_span == (starts[-1] + a.itemsize - starts[0] if starts else 0)
    assert report.contiguous_runs >= (gaps + 1 if starts else 0)


@pytest.mark.parametrize("name", [name for name, a in ARRAYS.items() if a.size])
def test_the_address_formula_is_the_one_of_the_array_interface(name: str) -> None:
    a = ARRAYS[name]
    last = tuple(size - 1 for size in a.shape)

    part = a[tuple(slice(i, i + 1) for i in last)] if a.ndim else a

    assert layout.address_of(a, last) == part.__array_interface__["data"][0]


INDICES: list[Any] = [
    *(0, -1, slice(1, 3), slice(None, None, -1), (slice(None), 2), (1, 2), (-1, -2)),
    *(..., (..., 1), (None, 1), (slice(1, None), None, slice(0, 4, 2)), (slice(9, 9),)),
    *([0, 2], np.array([1, 1]), BASE > 3, (slice(None), [1, 2]), np.bool_(True), (np.int64(2),)),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_an_index_is_explained_as_numpy_does_it(index: Any) -> None:
    found = layout.explain_index(BASE, index)
    got = np.asarray(BASE[index])

    assert found.shape == got.shape
    if found.kind == "advanced copy":
        assert not np.shares_memory(BASE, got)
    elif got.ndim:
        assert np.shares_memory(BASE, got) or not got.size
        assert found.strides == got.strides
    if found.kind == "basic view" and got.size:
        start = BASE.__array_interface__["data"][0] + found.offset
        view = BASE[(*index, ...) if isinstance(index, tuple) and ... not in index else index]
        if isinstance(view, np.ndarray):
            assert view.__array_interface__["data"][0] == start
        assert found.formula.endswith(f"= {found.offset}")


@pytest.mark.parametrize("index", [(4, 0), (0, -7), (0,), (0, 0, 0)])
def test_an_address_outside_the_array_is_refused(index: tuple[int, ...]) -> None:
    with pytest.raises(IndexError):
        layout.address_of(BASE, index)


def test_views_are_told_from_copies_and_from_neighbours() -> None:
    a = np.arange(12)

    assert layout.is_view_of(a, a[::2])
    assert not layout.is_view_of(a[::2], a[1::2])
    assert not layout.is_view_of(a, a[[0, 1]])


def test_a_question_of_overlap_that_is_too_hard_gets_the_cautious_answer() -> None:
    block = np.zeros(2**20, np.uint8)
    strides = (1, 7, 60, 433, 3079)
    a, b = (
        np.lib.stride_tricks.as_strided(block[start:], (12, 13, 11, 10, 9), strides)
        for start in (0, 30_000)
    )

    assert layout.is_view_of(a, b) == np.may_share_memory(a, b)


def test_reshape_refuses_to_copy() -> None:
    assert np.shares_memory(layout.reshape_no_copy(BASE, (6, 4)), BASE)
    with pytest.raises(WouldCopy, match="pay for the copy"):
        layout.reshape_no_copy(BASE.T, 24)
    with pytest.raises(ValueError, match="cannot reshape"):
        layout.reshape_no_copy(BASE, 25)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_windows_are_those_of_numpy_and_read_only(axis: int) -> None:
    windows = layout.sliding_windows(BASE, 3, axis)

    assert (windows == np.lib.stride_tricks.sliding_window_view(BASE, 3, axis)).all()
    assert np.shares_memory(windows, BASE)
    assert not windows.flags.writeable
    with pytest.raises(ValueError, match="longer than the axis"):
        layout.sliding_windows(BASE, 7)


def two_products(x: Any) -> Any:
    return x * x + x * x


def in_place(x: Any) -> Any:
    x *= 2
    return x


def test_the_audit_counts_temporaries_by_line() -> None:
    x = np.ones(1 << 17)

    (event,) = layout.copy_audit(two_products, x)

    assert event.line == two_products.__code__.co_firstlineno + 1
    assert 2 * x.nbytes <= event.peak_bytes <= 2.1 * x.nbytes
    assert x.nbytes <= event.kept_bytes <= 1.1 * x.nbytes
    assert layout.copy_audit(in_place, x) == []
