"""The inputs that everything is measured on, each made from a size and a seed.

A workload is named after the work that contenders do on it, and makes equal inputs on every
machine. Road networks are kept for the process that asked for them: preparing one takes longer
than any question about it.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from functools import cache, partial
from math import isqrt
from typing import NamedTuple

from velvet_algorithms.graph import MAIN_EVERY, Graph, random_graph, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import Landmarks
from velvet_algorithms.samples.words import make_words, misspell, zipf_weights

PRIME = 998_244_353
Pairs = list[tuple[int, int]]
Points = list[tuple[float, float]]
Arcs = tuple[int, list[tuple[int, int, int]]]
Map = tuple[int, int]


def numbers(n: int, seed: int) -> list[float]:
    """Return n floats between 0 and 1."""
    rng = random.Random(seed)
    return [rng.random() for _ in range(n)]


def queue_updates(n: int, seed: int) -> Pairs:
    """Return for each of n keys its first priority and a lower one, all of them different."""
    drawn = random.Random(seed).sample(range(10 * n), 2 * n)
    return [(max(a, b), min(a, b)) for a, b in zip(drawn[::2], drawn[1::2], strict=True)]


def completions(n: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Return n words with their weights, no two alike, and twelve prefixes of one to three letters."""
    words = make_words(n, seed=seed + 1)
    weights = {word: n - rank for rank, word in enumerate(words)}
    return weights, [words[i * 7 % n][: 1 + i % 3] for i in range(12)]


class Membership(NamedTuple):
    """Keys that are added, some of them to ask for, and as many that were not added."""

    added: list[bytes]
    probes: list[bytes]
    absent: list[bytes]


def membership(n: int, seed: int) -> Membership:
    """Return n keys to add, and up to 5,000 of them with as many others to ask for."""
    added = [b"order-%d-%d" % (seed, number) for number in range(n)]
    present = added[:: max(1, n // 5000)][:5000]
    absent = [b"absent-%d-%d" % (seed, number) for number in range(len(present))]
    return Membership(added, present, absent)


def union_find(n: int, seed: int) -> Pairs:
    """Return n random pairs of the numbers below n."""
    rng = random.Random(seed)
    return [(rng.randrange(n), rng.randrange(n)) for _ in range(n)]


def _ranges(n: int, rng: random.Random) -> list[tuple[int, int, int]]:
    """Return n times a place and the two ends of a range."""
    found = []
    for _ in range(n):
        start, stop = sorted((rng.randrange(n + 1), rng.randrange(n + 1)))
        found.append((rng.randrange(n), start, stop))
    return found


class Sums(NamedTuple):
    """Items, and steps: add an amount at a place, then ask for a range."""

    items: list[int]
    steps: list[tuple[int, int, int, int]]


def range_sums(n: int, seed: int) -> Sums:
    """Return n items and n steps."""
    rng = random.Random(seed)
    steps = [(at, rng.randrange(-9, 10), start, stop) for at, start, stop in _ranges(n, rng)]
    return Sums([rng.randrange(100) for _ in range(n)], steps)


class Products(NamedTuple):
    """Affine maps x -> a x + b modulo a prime, and steps: replace one, ask for a range."""

    maps: list[Map]
    steps: list[tuple[int, Map, int, int]]


def range_products(n: int, seed: int) -> Products:
    """Return n maps, which do not commute, and n steps."""
    rng = random.Random(seed)

    def some() -> Map:
        return rng.randrange(1, PRIME), rng.randrange(PRIME)

    steps = [(at, some(), start, stop) for at, start, stop in _ranges(n, rng)]
    return Products([some() for _ in range(n)], steps)


def then(first: Map, second: Map) -> Map:
    """Return the map that does `first` and then `second`."""
    return first[0] * second[0] % PRIME, (first[1] * second[0] + second[1]) % PRIME


class Updates(NamedTuple):
    """Items as (sum, count), and steps: change a range by a map, then ask for a range's sum."""

    items: list[tuple[int, int]]
    steps: list[tuple[int, int, Map, int, int]]


def range_updates(n: int, seed: int) -> Updates:
    """Return n items and n steps."""
    rng = random.Random(seed)
    steps = [
        (start, stop, (rng.randrange(1, PRIME), rng.randrange(PRIME)), low, high)
        for (_, start, stop), (_, low, high) in zip(_ranges(n, rng), _ranges(n, rng), strict=True)
    ]
    return Updates([(rng.randrange(PRIME), 1) for _ in range(n)], steps)


def together(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Return sum and count of two ranges."""
    return (a[0] + b[0]) % PRIME, a[1] + b[1]


def changed(change: Map, one: tuple[int, int]) -> tuple[int, int]:
    """Return sum and count of a range after a map was done to each item."""
    return (change[0] * one[0] + change[1] * one[1]) % PRIME, one[1]


def sorted_items(n: int, seed: int) -> list[int]:
    """Return n different keys in random order."""
    return random.Random(seed).sample(range(10 * n), n)


def intervals(n: int, seed: int) -> tuple[Pairs, Pairs]:
    """Return n different intervals, of which about five hold any point, and n / 10 short ranges."""
    rng = random.Random(seed)
    made: dict[tuple[int, int], None] = {}
    while len(made) < n:
        start = rng.randrange(100 * n)
        made[start, start + rng.randrange(1, 1000)] = None
    ranges = [(start, start + 100) for start in (rng.randrange(100 * n) for _ in range(n // 10))]
    return list(made), ranges


interval_builds = intervals


class Roads(NamedTuple):
    """A network with questions, and what can be prepared for it.

    Attributes:
        pairs: crossings to be joined; the second ones are also targets to be looked at.
    """

    graph: Graph
    pairs: Pairs
    hierarchy: Callable[[], ContractionHierarchy]
    landmarks: Callable[[], Landmarks]


@cache
def roads(n: int, seed: int, pairs: int = 4) -> Roads:
    """Return a network of about n crossings and pairs of crossings on main roads, all joined."""
    side = max(2, isqrt(n))
    graph = road_network(side, seed)
    rng = random.Random(seed)
    last = (side - 1) // MAIN_EVERY

    def crossing() -> int:
        return MAIN_EVERY * rng.randint(0, last) * side + rng.randrange(side)

    drawn = [(crossing(), crossing()) for _ in range(pairs)]
    build = partial(ContractionHierarchy.build, graph)
    return Roads(graph, drawn, cache(build), cache(partial(Landmarks, graph)))


sssp = routes = roads


def flow(n: int, seed: int) -> Arcs:
    """Return n nodes and ten arcs a node; the flow goes from the first to the last."""
    drawn = random_graph(n, 10 * n, seed).edges
    return n, [(tail, head, int(capacity)) for tail, head, capacity in drawn]


@cache
def components(n: int, seed: int) -> Graph:
    """Return a directed graph of n nodes with two arcs a node: one giant component, many small."""
    graph = random_graph(n, 2 * n, seed)
    _ = graph.successors  # made once, as the other libraries' graphs are
    return graph


def tasks(n: int, seed: int) -> dict[int, list[int]]:
    """Return n tasks, each after up to three of those before it, in a shuffled order."""
    rng = random.Random(seed)
    order = list(range(n))
    rng.shuffle(order)
    return {
        task: sorted({order[rng.randrange(place)] for _ in range(min(place, 3))})
        for place, task in enumerate(order)
    }


def _letters(n: int, rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=n))


def edit_distance(n: int, seed: int) -> tuple[str, str]:
    """Return two unrelated texts of n letters: nothing to trim, nothing to stop early for."""
    rng = random.Random(seed)
    return _letters(n, rng), _letters(n, rng)


def multi_pattern(n: int, seed: int) -> tuple[list[str], str]:
    """Return a thousand words and a text of n letters made of five thousand.

    All words are equally long and end with a space, so a hit is a whole word of the text: no two
    overlap, and a search that skips overlaps counts the same ones.
    """
    rng = random.Random(seed)
    known = list({_letters(6, rng) + " ": None for _ in range(5000)})
    return known[:1000], "".join(rng.choices(known, k=max(1, n // 7)))


def suffix_array(n: int, seed: int, text: str = "random") -> str:
    """Return n letters: `random`, one letter again and again (`same`), or a `fibonacci` word."""
    if text == "same":
        return "a" * n
    if text == "fibonacci":
        older, newer = "b", "a"
        while len(newer) < n:
            older, newer = newer, newer + older
        return newer[:n]
    return _letters(n, random.Random(seed))


def subset_sums(n: int, seed: int) -> list[int]:
    """Return n weights of 1 to 1,000."""
    rng = random.Random(seed)
    return [rng.randint(1, 1000) for _ in range(n)]


class Items(NamedTuple):
    """Values and weights of the items, and what the knapsack holds."""

    values: list[int]
    weights: list[int]
    capacity: int


def knapsack(n: int, seed: int) -> Items:
    """Return n items and a knapsack of 25 n: for 200 items a table of a million cells."""
    rng = random.Random(seed)
    values = [rng.randint(1, 1000) for _ in range(n)]
    return Items(values, [rng.randint(1, 100) for _ in range(n)], 25 * n)


class Spelling(NamedTuple):
    """Known words with their frequencies, and misspelled ones."""

    weights: dict[str, int]
    queries: list[str]


def spelling(n: int, seed: int) -> Spelling:
    """Return n words, and two of them misspelled by one and by two edits."""
    words = make_words(n, seed=seed)
    chosen = [words[0], words[n // 2]] if words else []
    typed = [misspell(word, edits=1 + at, seed=seed) for at, word in enumerate(chosen)]
    return Spelling(dict(zip(words, zipf_weights(n), strict=True)), typed)


@cache
def hull(n: int, seed: int) -> Points:
    """Return n points of the unit square, at least three."""
    rng = random.Random(seed)
    return [(rng.random(), rng.random()) for _ in range(max(n, 3))]


closest_pair = hull
