"""Six ways to multiply, one result."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from velvet_concurrency import matmul
from velvet_concurrency.runtime import Unavailable

A = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
B = [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]
PRODUCT = [[58.0, 64.0], [139.0, 154.0]]


@pytest.fixture(autouse=True)
def _fresh_kernels() -> Iterator[None]:
    matmul._compiled.cache_clear()
    yield
    matmul._compiled.cache_clear()


@pytest.mark.parametrize("name", ["triple", "zip_sum", "numpy"])
def test_the_product_is_the_hand_worked_one(name: str) -> None:
    assert np.asarray(matmul.multiply(name, (A, B))).tolist() == PRODUCT
    assert np.asarray(matmul.multiply(name, ([[2.0]], [[3.0]]))).tolist() == [[6.0]]


@pytest.mark.parametrize("name", ["triple", "zip_sum", "numpy"])
def test_contenders_agree_on_random_matrices(name: str) -> None:
    pair = matmul.random_rows(9, seed=1), matmul.random_rows(9, seed=2)

    product = matmul.multiply(name, pair)

    assert np.allclose(product, np.array(pair[0]) @ np.array(pair[1]))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="math.sumprod came with 3.12")
def test_sumprod_agrees() -> None:
    assert matmul.matmul_sumprod(A, B) == PRODUCT


def test_sumprod_says_which_python_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(math, "sumprod", raising=False)

    with pytest.raises(Unavailable, match=r"Python 3\.12"):
        matmul.matmul_sumprod(A, B)


@pytest.mark.parametrize("name", ["numba", "numba_parallel"])
def test_a_missing_numba_is_named_with_its_remedy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)

    with pytest.raises(Unavailable, match="pip install numba"):
        matmul.multiply(name, (A, B))


class _Numba:
    """Stands in for the compiler: the loops run as Python."""

    prange = range

    def __init__(self) -> None:
        self.options: list[dict[str, bool]] = []

    def njit(self, function: object, **options: bool) -> object:
        self.options.append(options)
        return function


@pytest.mark.parametrize(("name", "parallel"), [("numba", False), ("numba_parallel", True)])
def test_the_loops_given_to_the_compiler_are_right(
    name: str, parallel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _Numba()
    monkeypatch.setitem(sys.modules, "numba", fake)

    assert matmul.multiply(name, (A, B)).tolist() == PRODUCT
    assert fake.options == [{"parallel": parallel, "nogil": True}]


@pytest.mark.filterwarnings("ignore")
def test_compiled_loops_agree() -> None:
    pytest.importorskip("numba", reason="optional: pip install numba")

    assert matmul.matmul_numba(A, B).tolist() == PRODUCT


def test_matrices_are_the_same_for_the_same_seed() -> None:
    assert matmul.random_rows(3, seed=5) == matmul.random_rows(3, seed=5)
    assert matmul.random_rows(3, seed=5) != matmul.random_rows(3, seed=6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matmul.random_rows(0, seed=1), "n must be an int >= 1"),
        (lambda: matmul.multiply("strassen", (A, B)), "contender must be one of"),
        (lambda: matmul.matmul_zip_sum(A, A), "zip"),
    ],
)
def test_what_cannot_be_multiplied_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_multiply_can_be_sent_to_a_worker() -> None:
    from velvet_concurrency.pools import check_sendable

    check_sendable(functools.partial(matmul.multiply, "triple"))
