"""Strings: the distance of two texts, a thousand patterns at once, all suffixes in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from velvet.bench import Suite, growth
from velvet_algorithms.comparisons.rows import SEED, add_rows, claim_speedups
from velvet_algorithms.contenders import Way
from velvet_algorithms.samples.workloads import suffix_array as text_of
from velvet_algorithms.strings import lcp_array, suffix_array


def _add_distance(suite: Suite) -> None:
    distance = suite.comparison(
        "edit_distance",
        title="The edit distance of two unrelated texts of n letters",
        unit="us",
        sizes={"n": [10, 30, 64, 160, 500, 5000]},
        quick=lambda n: n == 500,
        rounds={"quick": 8, "default": 15},
    )
    # Compiling takes longer than the few microseconds that there would be to measure.
    add_rows(
        distance, "edit_distance", baseline="table", most={"table": 1000}, least={"numba": 160}
    )
    table = "one big integer is at least 30 times as fast as the table at 500 letters"
    claim_speedups(suite, distance, {table: ("big integer", "table", 30)}, n=500)
    short = {"and at least 4 times at 64 letters": ("big integer", "table", 4)}
    claim_speedups(suite, distance, short, n=64, tier="default")
    compiled = "rapidfuzz is at least 5 times as fast as the big integer at 500 letters"
    claim_speedups(suite, distance, {compiled: ("rapidfuzz", "big integer", 5)}, n=500)


def _add_patterns(suite: Suite) -> None:
    patterns = suite.comparison(
        "multi_pattern",
        title="How often a thousand words occur in a text of n letters",
        unit="ms",
        sizes={"n": [700, 2000, 7000, 20_000, 200_000]},
        default=lambda n: n >= 20_000,
        quick=lambda n: n == 20_000,
        rounds={"quick": 8, "default": 6},
    )
    add_rows(patterns, "multi_pattern", baseline="AhoCorasick")
    pattern = "an automaton in Python beats an alternation of a thousand words in re"
    claims = {
        pattern: ("AhoCorasick", "re alternation", 3),
        "and a thousand calls of str.count": ("AhoCorasick", "str.count", 1.6),
    }
    claim_speedups(suite, patterns, claims, n=20_000)


def _suffixes(one: Way, n: int, text: str) -> Any:
    return one.setup(text_of(n, SEED, text))


def _add_suffixes(suite: Suite) -> None:
    suffixes = suite.comparison(
        "suffix_arrays",
        title="All suffixes of n letters in order",
        unit="ms",
        sizes={"n": [200, 1000, 5000, 30_000, 200_000], "text": ["random", "same", "fibonacci"]},
        default=lambda n, **_: 1000 <= n <= 30_000,
        quick=lambda n, text: n == 5000 and text != "same",
        rounds={"quick": 5, "default": 5, "full": 5},
    )
    # Slices of a text that repeats itself are compared to their ends: n^2 letters.
    add_rows(
        suffixes,
        "suffix_array",
        baseline="numpy",
        setup=_suffixes,
        most={"sorted slices": 5000, "doubling": 30_000},
    )
    linear = "NumPy sorts suffixes faster than a linear-time algorithm in pure Python"
    claim_speedups(suite, suffixes, {linear: ("numpy", "atcoder", 1.8)}, n=5000, text="random")
    lists = {"NumPy beats lists at the same doubling": ("numpy", "doubling", 1.5)}
    claim_speedups(suite, suffixes, lists, n=5000, text="fibonacci")


def _compared(text: str, n: int) -> Callable[[], dict[str, float]]:
    """Count the letters that comparing neighbours in the sorted order must look at."""

    def run() -> dict[str, float]:
        given = text_of(n, SEED, text)
        return {"letters": n + sum(lcp_array(given, suffix_array(given)))}

    return run


def _add_repetition(suite: Suite) -> None:
    letters = suite.comparison(
        "suffix_repetition",
        title="Letters that neighbours in the order of suffixes share: what slices must compare",
        kind="value",
        unit="letters",
        sizes={"n": [300, 700, 1600, 4000, 10_000]},
        metrics={"letters": "letters"},
    )
    for text in ("random", "same", "fibonacci"):
        letters.add(text, lambda n, text=text: _compared(text, n), baseline=text == "random")
    suite.claim(
        "slices of ordinary text are compared after a few letters",
        growth("suffix_repetition", "random", over="n", metric="letters") <= 1.3,
    )
    suite.claim(
        "slices of repeated text are compared to their ends",
        growth("suffix_repetition", "same", over="n", metric="letters") >= 1.9,
    )


def add_to(suite: Suite) -> None:
    """Add the comparisons of strings."""
    _add_distance(suite)
    _add_patterns(suite)
    _add_suffixes(suite)
    _add_repetition(suite)
