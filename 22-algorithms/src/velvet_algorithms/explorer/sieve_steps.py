"""SIEVE told request by request: what the queue was, what the hand did, what the queue is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from velvet_algorithms.caches.sieve import SieveCache


@dataclass(frozen=True)
class SieveStep:
    """One request.

    Attributes:
        before, after: the queue from old to new as (key, marked).
        hand_before, hand_after: the hand's place in it.
        spared: keys that lost their mark to the passing hand, in no order.
        evicted: the key that had to go; None where there was room or a hit.
    """

    number: int
    key: int
    hit: bool
    before: tuple[tuple[int, bool], ...]
    hand_before: int
    after: tuple[tuple[int, bool], ...]
    hand_after: int
    spared: tuple[int, ...]
    evicted: int | None

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        if self.hit:
            was = dict(self.before)[self.key]
            mark = "It is marked already." if was else "It gets a mark; nothing moves."
            return f"{self.key} is here. {mark}"
        if self.evicted is None:
            return f"{self.key} is not here and there is room: it comes in at the new end."
        spared = ""
        if self.spared:
            keys = ", ".join(str(key) for key in self.spared)
            spared = f"The hand passes {keys} and clears the mark. "
        return f"{self.key} is not here. {spared}{self.evicted} has no mark and goes."


def sieve_story(trace: Sequence[int], size: int) -> list[SieveStep]:
    """Return every request of a trace as a step of a SIEVE of `size` entries.

    Raises:
        ValueError: `size` is not positive.
    """
    cache: SieveCache[int, bool] = SieveCache(size)
    steps = []
    for number, key in enumerate(trace, 1):
        before, hand_before = cache.queue()
        hit = cache.get(key) is not None
        if not hit:
            cache[key] = True
        after, hand_after = cache.queue()
        now = dict(after)
        evicted = next((old for old, _ in before if old not in now), None)
        spared = tuple(old for old, marked in before if marked and not now.get(old, True))
        steps.append(
            SieveStep(
                number,
                key,
                hit,
                tuple(before),
                hand_before,
                tuple(after),
                hand_after,
                spared,
                evicted,
            )
        )
    return steps
