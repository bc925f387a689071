"""Benchmarks of 03-cli: run me, or `velvet bench 03`."""

from __future__ import annotations

from collections.abc import Callable

from velvet.bench import Suite, growth, speedup
from velvet_cli import naive_unique, unique

suite = Suite("03-cli")
keeping = suite.comparison(
    "unique", unit="us", title="Drop repeats from n different items", sizes={"n": [30, 100, 300]}
)


@keeping.contender(baseline=True)
def naive(n: int) -> Callable[[], list[int]]:
    """A list remembers."""
    items = list(range(n))
    return lambda: naive_unique(items)


@keeping.contender
def hashed(n: int) -> Callable[[], list[int]]:
    """A dictionary remembers."""
    items = list(range(n))
    return lambda: unique(items)


keeping.same_result()
suite.claim("a dictionary beats the list", speedup("unique", "hashed", "naive", n=300) >= 10)
suite.claim("the naive version is quadratic", growth("unique", "naive", over="n") >= 1.5)

if __name__ == "__main__":
    suite.main()
