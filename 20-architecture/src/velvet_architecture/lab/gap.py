"""The gap: why positions from a sequence are no order of events, played without a server.

Writers take a position when they insert and become visible when they commit, in any order. A
follower reads everything behind its last position. The simulator plays random interleavings from a
seed and counts what the follower never sees, under four strategies: `naive` and `xid` are those of
the PostgreSQL store, `lock` stands for its two locks, `wait_for_gaps` is a remedy that fails.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STRATEGIES = ("naive", "lock", "wait_for_gaps", "xid")


@dataclass(frozen=True)
class Step:
    """One moment: what happened, what is visible, up to where the follower has read."""

    action: str
    position: int
    visible: tuple[int, ...]
    seen: tuple[int, ...]


@dataclass(frozen=True)
class GapResult:
    """What came of a run.

    Attributes:
        events: those that were committed.
        missed: of them, those that the follower never saw.
        waited: moments at which a writer had to wait.
        lag: events that are visible and still unread after a read, on average.
    """

    strategy: str
    events: int
    missed: int
    waited: int
    lag: float


def interleave(
    strategy: str, *, writers: int = 8, each: int = 25, rollbacks: float = 0.0, seed: int = 1
) -> Iterator[Step | GapResult]:
    """Yield each step of one interleaving, then its result; O(events x writers).

    Args:
        rollbacks: the share of transactions that are rolled back; their positions stay empty.

    Raises:
        ValueError: the strategy is not one of `STRATEGIES`, or a number is out of its range.
    """
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy must be one of {', '.join(STRATEGIES)}, not {strategy!r}")
    if writers < 1 or each < 1 or not 0 <= rollbacks <= 1:
        raise ValueError("writers and each must be at least 1, and rollbacks from 0 to 1")
    choose = random.Random(seed)
    left, open_at = [each] * writers, dict[int, int]()  # writer -> its position
    visible, seen, follower = set[int](), list[int](), 0
    position = waited = 0
    lags = []
    while any(left) or open_at or _readable(strategy, visible, open_at, follower, position):
        kind = choose.choice(("write", "write", "read"))
        if kind == "write" and (any(left) or open_at):
            writer = choose.choice([n for n in range(writers) if left[n] or n in open_at])
            if writer in open_at:
                done = open_at.pop(writer)
                ends = "rolls back" if choose.random() < rollbacks else "commits"
                visible |= {done} if ends == "commits" else set()
                yield Step(f"writer {writer} {ends}", done, tuple(visible), tuple(seen))
            elif strategy == "lock" and open_at:
                waited += 1
            else:
                position += 1
                left[writer] -= 1
                open_at[writer] = position
                yield Step(f"writer {writer} takes", position, tuple(visible), tuple(seen))
            continue
        new = _readable(strategy, visible, open_at, follower, position)
        lags.append(len(visible) - len(seen) - len(new))
        seen += new
        follower = max([follower, *new])
        yield Step("follower reads", follower, tuple(visible), tuple(seen))
    missed = len(visible) - len(seen)
    yield GapResult(strategy, len(visible), missed, waited, sum(lags) / max(1, len(lags)))


def _readable(
    strategy: str, visible: set[int], open_at: dict[int, int], follower: int, last: int
) -> list[int]:
    """Return the positions that the follower takes now."""
    new = sorted(one for one in visible if one > follower)
    if strategy == "xid":  # nothing at or above the oldest open transaction
        horizon = min(open_at.values(), default=last + 1)
        return [one for one in new if one < horizon]
    if strategy == "wait_for_gaps":  # stop before the first number that is missing
        return [one for place, one in enumerate(new, follower + 1) if one == place]
    return new


def play(strategy: str, **options: Any) -> GapResult:
    """Return the result of one interleaving; the options are those of `interleave`.

    >>> play("xid").missed, play("naive").missed > 0
    (0, True)
    """
    *_, result = interleave(strategy, **options)
    assert isinstance(result, GapResult)
    return result
