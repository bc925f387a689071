"""Rows of a comparison, one for each way of doing its work, and claims of who is faster."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from velvet.bench import Comparison, Suite, speedup
from velvet.bench.model import Tier
from velvet_algorithms.contenders import Way, ways

SEED = 1


def add_rows(
    comparison: Comparison,
    work: str,
    *,
    baseline: str,
    setup: Callable[..., Any] | None = None,
    most: Mapping[str, int] | None = None,
    least: Mapping[str, int] | None = None,
    late: Collection[str] = (),
) -> None:
    """Add every way of doing some work to a comparison over `n`, with equal answers demanded.

    Args:
        setup: (way, **size) -> what is timed; the workload of size n by default.
        most: sizes beyond which a contender takes too long.
        least: sizes below which it takes no part.
        late: contenders that the quick run leaves out, for what they cost to compile.
    """
    for one in ways(work):
        low, high = (least or {}).get(one.name, 0), (most or {}).get(one.name)
        comparison.add(
            one.name,
            partial(setup or prepared, one),
            baseline=one.name == baseline,
            needs=one.needs,
            when=partial(_within, low, high),
            tier="default" if one.name in late else "quick",
        )
    comparison.same_result()


def prepared(one: Way, n: int, **_: Any) -> Any:
    """Make the input of size n and set a contender up for it."""
    return one.prepare(n, SEED)


def _within(low: int, high: int | None, n: int, **_: Any) -> bool:
    return low <= n and (high is None or n <= high)


def claim_speedups(
    suite: Suite,
    comparison: Comparison,
    claims: Mapping[str, tuple[str, str, float]],
    *,
    tier: Tier = "quick",
    **size: Any,
) -> None:
    """Claim that contenders are so many times as fast as others at one size.

    Args:
        claims: sentence -> (the faster one, the slower one, at least so many times); what the two
            need is what the claim needs.
    """
    for text, (fast, slow, least) in claims.items():
        needs = {*comparison.contenders[fast].needs, *comparison.contenders[slow].needs}
        condition = speedup(comparison.name, fast, slow, **size) >= least
        suite.claim(text, condition, needs=sorted(needs), tier=tier)
