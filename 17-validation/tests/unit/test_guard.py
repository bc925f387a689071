"""The guard accepts what `json.loads` accepts, minus the refusals that it lists."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from velvet_validation import guard
from velvet_validation.guard import DuplicateKey, LimitExceeded, Limits, NotIJson, safe_loads

SMALL = Limits(max_bytes=100, max_depth=3, max_items=5, max_digits=4, max_string=4)


@pytest.mark.parametrize(
    ("limit", "within", "beyond"),
    [
        ("max_bytes", b"1" + b" " * 99, b"1" + b" " * 100),
        ("max_depth", b"[[[1]]]", b"[[[[1]]]]"),
        ("max_depth", b"[[],[[]]]", b"[[],[[[]]]]"),
        ("max_items", b"[1,2,3,4,5]", b"[1,2,3,4,5,6]"),
        ("max_digits", b"1234", b"12345"),
        ("max_string", b'"abcd"', b'"abcde"'),
    ],
)
def test_a_limit_holds_at_n_and_not_at_n_plus_one(limit: str, within: bytes, beyond: bytes) -> None:
    safe_loads(within, SMALL)

    with pytest.raises(LimitExceeded) as caught:
        safe_loads(beyond, SMALL)
    assert caught.value.limit == limit


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON"),
        (b"  ", "no JSON"),
        (b"1 2", "no JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'"\xff"', "no UTF-8"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e999]", "overflows"),
        (b"[-1E+400]", "overflows"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'{"a": {"b": {"\\udfff": 1}}}', "a lone surrogate stands at /a/b:"),
        (b'["\\uFFFE"]', "noncharacter"),
        (b'{"\\ufdd0": 1}', "noncharacter"),
        (b'{"a": {"b": {"\\ufdd0": 1}}}', "a noncharacter stands at /a/b:"),
        (b'["\\ud83f\\udfff"]', "noncharacter"),
        ('["\ufdef"]'.encode(), "noncharacter"),
        ('["\U0010ffff"]'.encode(), "noncharacter"),
        (b'"\\', "no JSON"),
        (b'"' + b'\\"' * 1000, "no JSON"),
    ],
)
def test_what_readers_understand_differently_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotIJson, match=reason):
        safe_loads(data)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b'{"a": 1, "a": 2}', "/a"),
        (b'{"x": [{"b": 1, "b": 1}]}', "/x/0/b"),
        (b'{"a": 1, "\\u0061": 2}', "/a"),
    ],
)
def test_the_second_of_two_equal_keys_is_refused_with_its_pointer(
    data: bytes, pointer: str
) -> None:
    with pytest.raises(DuplicateKey) as caught:
        safe_loads(data)
    assert caught.value.pointer == pointer


class Counted(str):
    """A key that counts how often it is compared."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str(self) == str(other)


def test_the_search_for_a_repeated_key_compares_each_key_a_few_times() -> None:
    keys = [Counted(f"key {number}") for number in range(10_000)]

    assert guard.first_repeated([*keys, Counted("key 9999")]) == "key 9999"
    assert Counted.compared < 1_000
    assert guard.first_repeated(keys) is None


@pytest.mark.parametrize("digits", [309, 4298])
def test_a_number_overflows_without_an_exponent(digits: int) -> None:
    with pytest.raises(NotIJson, match="overflows"):
        safe_loads(b"[%s.0]" % (b"9" * digits), Limits(max_digits=4300))


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_depth", 501), ("max_digits", 4301), ("max_bytes", 0), ("max_items", -1)],
)
def test_a_limit_that_the_parser_cannot_keep_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}: choose 1 to"):
        Limits(**{name: value})


@pytest.mark.parametrize(
    ("name", "largest"),
    [("max_depth", 500), ("max_digits", 4300), ("max_bytes", 1 << 40), ("max_items", 1 << 40),
     ("max_string", 1 << 40)],
)  # fmt: skip
def test_the_first_and_the_last_limit_that_is_allowed(name: str, largest: int) -> None:
    assert [getattr(Limits(**{name: n}), name) for n in (1, largest)] == [1, largest]
    for wrong in (0, largest + 1):
        with pytest.raises(ValueError, match=f"{name} is {wrong}: choose 1 to"):
            Limits(**{name: wrong})


def test_the_largest_limits_are_kept_by_the_parser() -> None:
    large = Limits(max_depth=500, max_digits=4300)

    assert safe_loads(b"[" * 500 + b"9" * 4300 + b"]" * 500, large)


def test_a_pair_of_surrogates_is_one_letter() -> None:
    assert safe_loads(b'"\\ud83e\\udde9"') == "\U0001f9e9"


@pytest.mark.parametrize("name", ["__proto__", "__class__", "constructor", "__init__"])
def test_names_that_look_like_attributes_are_ordinary_keys(name: str) -> None:
    assert safe_loads(b'{"%s": 1}' % name.encode()) == {name: 1}


def test_depth_is_refused_before_any_recursion() -> None:
    with pytest.raises(LimitExceeded, match="max_depth is exceeded: found 65 at byte 64"):
        safe_loads(b"[" * 500_000)


@pytest.mark.parametrize(
    "error", [LimitExceeded("max_items", 9, 8), DuplicateKey("/a"), NotIJson("odd", 3)]
)
def test_errors_survive_pickling(error: Any) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert len({again, error}) == 2


def test_walking_needs_no_recursion() -> None:
    deep: Any = []
    for _ in range(3_000):
        deep = [deep]

    assert sum(1 for _ in guard.walk(deep, ("top",))) == 3_001


def test_refusals_are_told_apart_by_what_they_are_and_not_by_what_they_say() -> None:
    said = [LimitExceeded("max_bytes", 3, 2), DuplicateKey("/a"), LimitExceeded("max_bytes", 3, 2)]

    assert len(set(said)) == 3
