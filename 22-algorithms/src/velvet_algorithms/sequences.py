"""Dynamic programming over orders: the cheapest way to merge neighbours, the likeliest hidden path."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from velvet_algorithms.hashing import checked_whole

State = TypeVar("State")
Seen = TypeVar("Seen")


class MergePlan(NamedTuple):
    """What merging costs in all, and the merges as (begin, middle, end) of the pieces, in order."""

    cost: int
    merges: tuple[tuple[int, int, int], ...]


def optimal_merge(sizes: Sequence[int]) -> MergePlan:
    """Return the cheapest order of merging neighbouring pieces until one is left.

    Merging two pieces costs the sum of their sizes, as it does for sorted runs and ropes; only
    neighbours are merged, so the order of the pieces is kept. O(n^2) time and space by the
    monotone splits of Knuth (1971) and Yao (1980).

    Raises:
        ValueError: a size is negative.

    >>> optimal_merge([10, 1, 1, 10]).cost
    36
    """
    n = len(sizes)
    upto = [0]
    for size in sizes:
        upto.append(upto[-1] + checked_whole("size", size, 0))
    cost = [[0] * (n + 1) for _ in range(n + 1)]
    split = [
        [begin + 1 if end > begin else begin for end in range(n + 1)] for begin in range(n + 1)
    ]
    for length in range(2, n + 1):
        for begin in range(n - length + 1):
            end = begin + length
            low, high = split[begin][end - 1], min(split[begin + 1][end], end - 1)
            best = min(range(low, max(low, high) + 1), key=lambda m: cost[begin][m] + cost[m][end])
            cost[begin][end] = cost[begin][best] + cost[best][end] + upto[end] - upto[begin]
            split[begin][end] = best
    merges = []
    open_ = [(0, n)] if n > 1 else []
    while open_:
        begin, end = open_.pop()
        middle = split[begin][end]
        merges.append((begin, middle, end))
        open_ += [(lo, hi) for lo, hi in ((begin, middle), (middle, end)) if hi - lo > 1]
    return MergePlan(cost[0][n], tuple(reversed(merges)))


class Decoded(NamedTuple):
    """A likeliest path of hidden states and the natural logarithm of its probability."""

    path: tuple[object, ...]
    log_probability: float


def viterbi(
    observations: Sequence[Seen],
    start: Mapping[State, float],
    step: Mapping[State, Mapping[State, float]],
    emit: Mapping[State, Mapping[Seen, float]],
) -> Decoded:
    """Return the likeliest hidden states behind observations (Viterbi 1967).

    Args:
        start: probability of each state at the beginning.
        step: probability of each state after each state; what is missing is impossible.
        emit: probability of each observation in each state.

    O(len(observations) * states^2), in logarithms, so long sequences do not underflow.

    Raises:
        ValueError: there is no observation or state, or no path can produce the observations.
    """
    if not observations or not start:
        raise ValueError(
            f"viterbi needs observations and states, got {len(observations)} and {len(start)}"
        )

    def log(probability: float) -> float:
        return math.log(probability) if probability > 0 else -math.inf

    states = list(start)
    score = {s: log(start[s]) + log(emit[s].get(observations[0], 0.0)) for s in states}
    back: list[dict[State, State]] = []
    for seen in observations[1:]:
        origin, following = {}, {}
        for state in states:
            best = max(states, key=lambda s: score[s] + log(step[s].get(state, 0.0)))
            origin[state] = best
            reached = score[best] + log(step[best].get(state, 0.0))
            following[state] = reached + log(emit[state].get(seen, 0.0))
        back.append(origin)
        score = following
    last = max(states, key=lambda s: score[s])
    if score[last] == -math.inf:
        raise ValueError("no path of these states can produce the observations")
    path = [last]
    for origin in reversed(back):
        path.append(origin[path[-1]])
    return Decoded(tuple(reversed(path)), score[last])
