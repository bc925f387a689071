"""Rates of filters against theory, with the arithmetic; sizes; refusals."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import pytest

from velvet_algorithms.cuckoo import CuckooFilter, FilterFull
from velvet_algorithms.filters import BlockedBloom, BloomFilter

PROBES = 20_000


def present(count: int) -> list[bytes]:
    return [b"order-%d" % number for number in range(count)]


def absent(count: int) -> list[bytes]:
    return [b"absent-%d" % number for number in range(count)]


def four_sigma(rate: float, probes: int) -> float:
    """A wrong yes is a coin with probability `rate`: sigma of the share is sqrt(p (1 - p) / n)."""
    return 4 * math.sqrt(rate * (1 - rate) / probes)


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_the_measured_rate_is_the_one_of_theory(kind: Any) -> None:
    made = kind(5000, 0.04)  # the cuckoo filter then has fingerprints of 8 bits
    fill = getattr(made, "add_many", lambda keys: [made.add(key) for key in keys])
    fill(present(5000))

    if isinstance(made, BlockedBloom):
        rate = float(made.contains_many(absent(PROBES)).mean())
    else:
        rate = sum(key in made for key in absent(PROBES)) / PROBES

    assert abs(rate - made.theory()) <= four_sigma(made.theory(), PROBES)
    assert made.theory() <= 0.04


@pytest.mark.parametrize(
    ("capacity", "error", "bits", "hashes"), [(50_000, 0.01, 479_253, 7), (1000, 0.5, 1443, 1)]
)
def test_a_bloom_filter_has_the_classic_size(
    capacity: int, error: float, bits: int, hashes: int
) -> None:
    made = BloomFilter(capacity, error)

    assert (made.bits, made.hashes) == (bits, hashes)
    assert made.bytes_used == -(-bits // 8)


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_a_filter_takes_the_bytes_that_it_states(kind: Any) -> None:
    kind(10, 0.1)
    tracemalloc.start()
    try:
        made = kind(50_000, 0.01)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    # Beside the table there is an object with a dozen numbers, and a random generator of 2.5 kB.
    assert made.bytes_used <= taken <= made.bytes_used + 5000


def test_a_new_key_is_told_from_a_repeat() -> None:
    made = BloomFilter(100)

    assert made.add("a")
    assert not made.add("a")
    assert not made.add(b"a")
    assert len(made) == 1


def test_blocks_of_more_capacity_or_less_error_are_more() -> None:
    sizes = [
        BlockedBloom(capacity, error).blocks
        for capacity, error in [(1, 0.5), (1000, 0.01), (2000, 0.01), (2000, 0.001)]
    ]

    assert sizes == sorted(set(sizes))


def test_a_full_cuckoo_filter_says_so_and_keeps_every_earlier_key() -> None:
    made = CuckooFilter(200, 0.01, seed=3)
    added: list[str] = []

    def fill() -> None:
        for number in range(1000):
            made.add(f"key-{number}")
            added.append(f"key-{number}")

    with pytest.raises(FilterFull, match=r"no room after 500 moves: \d+ keys in 224 slots"):
        fill()

    assert len(made) == len(added) >= 0.9 * 224
    assert all(key in made for key in added)


@pytest.mark.parametrize("capacity", [1, 2, 7, 15, 22, 45, 106, 500])
def test_as_many_different_keys_fit_as_were_promised(capacity: int) -> None:
    for seed in range(10):
        made = CuckooFilter(capacity, seed=seed)

        for number in range(capacity):
            made.add(f"{seed}-{number}")

        assert len(made) == capacity


def test_the_ninth_copy_of_a_key_does_not_fit_and_moves_nothing() -> None:
    made = CuckooFilter(100)
    for _ in range(8):
        made.add("same")
    before = made.to_bytes()

    with pytest.raises(FilterFull):
        made.add("same")

    assert made.to_bytes() == before


def test_removing_what_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="absent"):
        CuckooFilter(10).remove("absent")


@pytest.mark.parametrize(
    ("kind", "range_"),
    [
        (BloomFilter, "at least 1"),
        (BlockedBloom, "between 1 and 4294967296"),
        (CuckooFilter, "at least 1"),
    ],
)
def test_a_filter_for_nothing_is_refused(kind: Any, range_: str) -> None:
    with pytest.raises(ValueError, match=f"capacity must be {range_}, got 0"):
        kind(0, 0.01)


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 0.0), "error must be between 0 and 1, both excluded, got 0.0"),
        ((10, 1.0), "error must be between 0 and 1"),
        ((10, float("nan")), "error must be between 0 and 1"),
    ],
)
def test_impossible_parameters_are_refused(
    kind: Any, arguments: tuple[int, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        kind(*arguments)


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_a_salt_must_fit_the_hash(kind: Any) -> None:
    with pytest.raises(ValueError, match="salt must be at most 64 bytes"):
        kind(10, 0.01, salt=bytes(65))


def test_a_rate_beyond_16_bit_fingerprints_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 2\*\*-13"):
        CuckooFilter(10, 0.0001)


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_a_key_of_another_type_is_refused(kind: Any) -> None:
    made = kind(10)

    with pytest.raises(TypeError, match="bytes or str, got int"):
        made.add(1)
    with pytest.raises(TypeError, match="got float"):
        1.5 in made  # noqa: B015


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_filters_with_other_parameters_do_not_unite_and_both_are_named(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"capacity 10 and 20, error 0\.1 and 0\.2"):
        kind(10, 0.1).union(kind(20, 0.2))
    with pytest.raises(ValueError, match="equal parameters; they have salt"):
        kind(10, salt=b"a").union(kind(10, salt=b"b"))


def test_a_union_that_does_not_fit_leaves_both_as_they_were() -> None:
    first, second = CuckooFilter(50), CuckooFilter(50)
    for number in range(48):
        first.add(f"a{number}")
        second.add(f"b{number}")
    before = first.to_bytes(), second.to_bytes()

    with pytest.raises(FilterFull):
        first.union(second)

    assert (first.to_bytes(), second.to_bytes()) == before
