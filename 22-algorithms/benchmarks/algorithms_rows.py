"""Rows of a comparison from a family of contenders, so that both are the same by construction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from velvet.bench import Timed
from velvet.bench.model import Comparison
from velvet_algorithms.contenders import Contender, contenders

SEED = 1


def prepared(one: Contender, n: int) -> Any:
    """Make the input of size n and set a contender up for it."""
    return one.prepare(n, seed=SEED)


def add_rows(
    comparison: Comparison,
    family: str,
    *,
    baseline: str,
    setup: Callable[..., Any | Timed] = prepared,
    most: dict[str, int] | None = None,
    least: dict[str, int] | None = None,
    leave_out: Collection[str] = (),
    late: Collection[str] = (),
) -> None:
    """Add a family's contenders to a comparison over `n`, and demand equal answers.

    Args:
        setup: (contender, **size) -> what is timed.
        most: sizes beyond which a contender takes no part, where these differ from the family's.
        least: sizes below which it takes none.
        late: contenders that the quick run leaves out, for what they cost to compile.
    """
    for one in contenders(family):
        if one.name not in leave_out:
            high = (most or {}).get(one.name, one.most)
            low = (least or {}).get(one.name, 0)
            comparison.add(
                one.name,
                partial(setup, one),
                baseline=one.name == baseline,
                needs=one.needs or (),
                when=partial(_within, low, high),
                tier="default" if one.name in late else "quick",
            )
    comparison.same_result()


def _within(low: int, high: int | None, n: int, **_: Any) -> bool:
    return low <= n and (high is None or n <= high)
