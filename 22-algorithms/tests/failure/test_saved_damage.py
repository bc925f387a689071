"""What was saved and then damaged is refused, at every byte, and never read wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from velvet_algorithms.cuckoo import CuckooFilter
from velvet_algorithms.filters import BlockedBloom, BloomFilter
from velvet_algorithms.quantiles import TDigest
from velvet_algorithms.saved import pack, unpack
from velvet_algorithms.sketches import CountMin, HyperLogLog


def count_min(conservative: bool) -> CountMin:
    return CountMin(0.1, 0.1, conservative=conservative)


KINDS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "bloom": (BloomFilter, lambda: BloomFilter(20)),
    "blocked": (BlockedBloom, lambda: BlockedBloom(20)),
    "cuckoo": (CuckooFilter, lambda: CuckooFilter(20)),
    "hyperloglog": (HyperLogLog, lambda: HyperLogLog(4)),
    "countmin": (CountMin, lambda: count_min(True)),
    "tdigest": (TDigest, lambda: TDigest(10)),
}


def saved(name: str) -> tuple[Any, bytes]:
    kind, make = KINDS[name]
    made = make()
    for number in range(12):
        made.add(number if name == "tdigest" else f"key-{number}")
    return kind, made.to_bytes()


@pytest.mark.parametrize("name", KINDS)
def test_a_truncated_save_is_refused_wherever_it_was_cut(name: str) -> None:
    kind, data = saved(name)

    for size in range(len(data)):
        with pytest.raises(ValueError, match=r"damaged|not a saved"):
            kind.from_bytes(data[:size])


@pytest.mark.parametrize("name", KINDS)
def test_a_flipped_bit_is_refused_wherever_it_is(name: str) -> None:
    kind, data = saved(name)

    for at in range(len(data)):
        for bit in (0, 7):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            with pytest.raises(ValueError, match=r"damaged|not a saved|version"):
                kind.from_bytes(bytes(flipped))


@pytest.mark.parametrize("name", KINDS)
def test_another_version_is_refused_by_its_number(name: str) -> None:
    kind, data = saved(name)
    other = data[:4] + (7).to_bytes(2, "little") + data[6:]

    with pytest.raises(ValueError, match="saved in version 7; only version 1 can be read"):
        kind.from_bytes(other)


@pytest.mark.parametrize("name", KINDS)
def test_another_kind_is_refused_by_its_name(name: str) -> None:
    kind, _ = saved(name)

    with pytest.raises(ValueError, match="this is a saved teapot, not a "):
        kind.from_bytes(pack("teapot", {}, b""))


@pytest.mark.parametrize("kind", [BloomFilter, BlockedBloom, CuckooFilter])
def test_a_filter_opened_with_another_salt_is_refused_without_showing_it(kind: Any) -> None:
    data = kind(20, salt=b"a secret").to_bytes()

    with pytest.raises(ValueError, match="another salt") as caught:
        kind.from_bytes(data, salt=b"a guess")

    assert "secret" not in str(caught.value)


def test_an_envelope_gives_back_what_was_packed() -> None:
    data = pack("box", {"size": 3}, b"abc")

    assert unpack("box", data) == ({"size": 3}, b"abc")
    assert json.loads(data[18 : data.index(b"}") + 1])["kind"] == "box"


@pytest.mark.parametrize("name", ["hyperloglog", "countmin", "tdigest"])
def test_a_whole_save_is_read_as_it_was(name: str) -> None:
    kind, data = saved(name)

    assert kind.from_bytes(data).to_bytes() == data


def test_an_empty_digest_can_be_saved() -> None:
    assert len(TDigest.from_bytes(TDigest().to_bytes())) == 0
