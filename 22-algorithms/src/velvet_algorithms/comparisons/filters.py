"""Filters: how wrong, how large, how fast, beside the exact set.

Rates and bytes are exact figures of seeded keys; `off_by` is the difference from theory in units of the
standard deviation of the measured share, so a claim of "within three" can be refuted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Suite, ratio, speedup, value
from velvet_algorithms.comparisons.rows import add_rows
from velvet_algorithms.contenders import load

KEYS = 50_000
ERROR = 0.01
ABSENT = 40_000


def _set_bytes(keys: list[bytes]) -> float:
    exact = set(keys)
    return float(sys.getsizeof(exact) + sum(map(sys.getsizeof, exact)))


def _filter_truth(name: str, n: int) -> Callable[[], dict[str, float]]:
    from velvet_algorithms import filters

    def run() -> dict[str, float]:
        keys = [b"order-%d" % number for number in range(n)]
        absent = [b"absent-%d" % number for number in range(ABSENT)]
        if name == "set":
            return {"bytes": _set_bytes(keys), "rate": 0.0, "theory": 0.0, "off_by": 0.0}
        if name == "rbloom":
            made: Any = load("rbloom").empty(n, ERROR)
            made.update(keys)
            size, theory = made.size_in_bits / 8, ERROR
            rate = sum(key in made for key in absent) / ABSENT
        else:
            made = getattr(filters, name)(n, ERROR)
            if name == "BlockedBloom":
                made.add_many(keys)
                rate = float(made.contains_many(absent).mean())
            else:
                for key in keys:
                    made.add(key)
                rate = sum(key in made for key in absent) / ABSENT
            size, theory = made.bytes_used, made.theory()
        sigma = math.sqrt(theory * (1 - theory) / ABSENT)
        return {
            "bytes": float(size),
            "rate": rate,
            "theory": theory,
            "off_by": abs(rate - theory) / sigma,
        }

    return run


def _add_filters(suite: Suite) -> None:
    speed = suite.comparison(
        "membership_filters",
        title="Is this key among n? 5,000 that are and 5,000 that are not, 1 % error",
        unit="ns",
        items=10_000,
        sizes={"n": [500, 2000, 7000, 20_000, KEYS]},
        default=lambda n: n == KEYS,
        rounds={"quick": 6, "default": 10},
    )
    add_rows(speed, "membership", baseline="set")
    truth = suite.comparison(
        "membership_truth",
        title="Bytes and false positives of n keys at 1 %; off_by in standard deviations",
        kind="value",
        unit="bytes",
        sizes={"n": [KEYS]},
        metrics={"bytes": "bytes", "rate": "", "theory": "", "off_by": "sigma"},
    )
    names = ("set", "BloomFilter", "BlockedBloom", "CuckooFilter", "rbloom")
    for name in names:
        needs = "rbloom" if name == "rbloom" else ()
        truth.add(name, partial(_filter_truth, name), baseline=name == "set", needs=needs)
    suite.claim(
        "a Bloom filter takes a thirtieth of the bytes of a set of the same keys",
        ratio("membership_truth", "set", "BloomFilter", "bytes") >= 30,
    )
    for name in names[1:4]:
        suite.claim(
            f"{name} is wrong as often as theory says, within three standard deviations",
            value("membership_truth", name, "off_by") <= 3,
        )
    suite.claim(
        "rbloom is at least 8 times as fast as our Bloom filter",
        speedup("membership_filters", "rbloom", "BloomFilter") >= 8,
        needs="rbloom",
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of filters."""
    _add_filters(suite)
