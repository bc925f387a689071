"""Caches with expiry and single flight beside functools.lru_cache."""

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest

from velvet_performance.caching import Memoized, leak_check, memoize, stampede


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_expiry_it_is_lru_cache_itself() -> None:
    cached = memoize(maxsize=2, typed=True)(abs)

    assert type(cached) is type(functools.lru_cache(maxsize=2)(abs))
    assert cached.cache_parameters() == {"maxsize": 2, "typed": True}


def test_an_answer_is_computed_anew_after_its_time() -> None:
    clock, calls = Clock(), []
    cached = memoize(ttl=10, clock=clock)(lambda n: calls.append(n) or n * 2)

    assert [cached(3), cached(3)] == [6, 6]
    clock.now = 9.9
    cached(3)
    clock.now = 10.0
    cached(3)

    assert calls == [3, 3]
    assert cached.cache_info() == (2, 2, 128, 1)
    cached.cache_clear()
    assert cached.cache_info() == (0, 0, 128, 0)


def test_the_least_recently_used_answer_goes() -> None:
    cached = memoize(maxsize=2, ttl=99)(lambda n: [n])
    one, _ = cached(1), cached(2)
    assert cached(1) is one
    cached(3)

    assert cached(1) is one
    assert cached.cache_info().misses == 3
    cached(2)
    assert cached.cache_info().misses == 4


def test_nothing_is_kept_where_nothing_fits() -> None:
    cached = memoize(maxsize=0, ttl=9)(lambda n: n)
    cached(1), cached(1)

    assert cached.cache_info() == (0, 2, 0, 0)


def test_typed_keys_differ() -> None:
    def kind(first: object, _second: int) -> type:
        return type(first)

    loose, strict = memoize(ttl=9)(kind), memoize(ttl=9, typed=True)(kind)

    assert (loose(1, 2), loose(1.0, 2)) == (int, int)
    assert (strict(1, 2), strict(1.0, 2)) == (int, float)


@pytest.mark.parametrize("single", [False, True])
def test_an_exception_is_raised_and_not_kept(single: bool) -> None:
    calls: list[int] = []

    @memoize(ttl=9, single_flight=single)
    def shaky(n: int) -> int:
        calls.append(n)
        if len(calls) == 1:
            raise LookupError("not yet")
        return n

    with pytest.raises(LookupError):
        shaky(1)
    assert shaky(1) == 1
    assert shaky.__wrapped__ is not None


@pytest.mark.parametrize("ttl", [None, 9])
def test_unhashable_arguments_are_a_type_error(ttl: float | None) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        memoize(ttl=ttl)(len)([1])


def test_recursion_and_re_entry_do_not_wait_for_themselves() -> None:
    @memoize(ttl=99, maxsize=None, single_flight=True)
    def fib(n: int) -> int:
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    assert fib(40) == 102334155

    depth: list[int] = []

    @memoize(single_flight=True)
    def again(key: str) -> int:
        depth.append(1)
        return again(key) if len(depth) < 3 else 7

    assert again("same") == 7
    assert again("same") == 7
    assert len(depth) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [({"maxsize": -1}, "maxsize is -1"), ({"ttl": 0}, "ttl is 0"), ({"ttl": -5}, "ttl is -5")],
)
def test_impossible_settings_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        memoize(**options)


def test_a_stampede_computes_once_in_single_flight() -> None:
    assert stampede(memoize(single_flight=True), threads=20) == 1
    assert stampede(memoize(), threads=20) == 20
    with pytest.raises(ValueError, match="threads is 0"):
        stampede(memoize(), threads=0)


def test_those_who_wait_get_the_exception_too() -> None:
    entered, go = threading.Event(), threading.Event()
    found: list[str] = []

    @memoize(single_flight=True)
    def fails(_key: str) -> None:
        entered.set()
        go.wait()
        raise LookupError("down")

    def ask() -> None:
        try:
            fails("k")
        except LookupError as error:
            found.append(str(error))

    first = threading.Thread(target=ask)
    first.start()
    entered.wait()
    second = threading.Thread(target=ask)
    second.start()
    flight = next(iter(fails._flights.values()))
    while not flight.done._cond._waiters:  # type: ignore[attr-defined]
        pass
    go.set()
    first.join()
    second.join()

    assert found == ["down", "down"]


def test_a_cached_method_keeps_its_objects_alive() -> None:
    assert leak_check(lambda function: function) == 0
    assert leak_check(functools.lru_cache(maxsize=None)) == 10
    assert leak_check(memoize(ttl=60)) == 10


def test_an_object_that_only_holds_itself_is_no_leak() -> None:
    def circular(function: Any) -> Any:
        def total(self: Any, year: int) -> int:
            self.me = self
            return year

        return total

    assert leak_check(circular) == 0


def test_a_decorated_method_is_bound() -> None:
    class Shop:
        rate = 3

        @memoize(ttl=60)
        def price(self, net: int) -> int:
            """Return the price."""
            return net * self.rate

    assert Shop().price(4) == 12
    assert isinstance(Shop.price, Memoized)
    assert Shop.price.__doc__ == "Return the price."
