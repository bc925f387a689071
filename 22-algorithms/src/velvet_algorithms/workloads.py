"""Pronounceable words made by seed, because no dictionary can be fetched by a program that runs offline.

A word is one to four syllables of onset, vowel and coda, each drawn with weights that fall off as
letter frequencies do in English. What matters to the structures here is kept: common beginnings, common
endings, near neighbours one letter apart, lengths of 2 to 18 around a mean of 7 to 8. Their frequencies
follow Zipf's law, as words in a text do.

The inputs that everything is measured on, each made from a size and a seed.

A workload is named after the work that contenders do on it, and makes equal inputs on every
machine. Road networks are kept for the process that asked for them: preparing one takes longer
than any question about it.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import accumulate
from math import isqrt
from typing import NamedTuple

from velvet_algorithms.graph import MAIN_EVERY, Graph, random_graph, road_network
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import Landmarks

# fmt: off
ONSETS = (
    "t", "s", "r", "n", "l", "d", "c", "m", "p", "b", "f", "h", "g", "w", "v", "st", "tr",
    "k", "br", "pr", "ch", "sh", "gr", "pl", "th", "cr", "fl", "sp", "cl", "bl", "j", "qu",
    "z",
)
# fmt: on
VOWELS = ("e", "a", "i", "o", "u", "ea", "ou", "ie", "y", "ai", "oo")
CODAS = ("", "n", "r", "s", "t", "l", "d", "m", "nd", "st", "ck", "ng", "p", "rt", "x")
SYLLABLES = (1, 2, 3, 4)
SYLLABLE_WEIGHTS = (3, 54, 36, 7)
OPEN_SYLLABLES = 1.5
"""Extra weight of the empty coda: as heavy as all the others together."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _falling(parts: Sequence[str]) -> list[float]:
    return list(accumulate(1.0 / (rank + 2) for rank in range(len(parts))))


def make_words(count: int, *, seed: int = 1) -> list[str]:
    """Return `count` different lower-case words in the order in which they were drawn.

    The words of a smaller count are the first ones of a larger count with the same seed. O(count)
    expected time up to a few hundred thousand words.

    Raises:
        ValueError: `count` is negative or over a million (there are not so many short words).

    >>> make_words(4, seed=1)
    ['prastir', 'titoutpre', 'plaitateci', 'sisam']
    """
    if not 0 <= count <= 1_000_000:
        raise ValueError(f"count must be between 0 and 1,000,000 words, got {count}")
    draw = random.Random(seed)
    onsets, vowels = _falling(ONSETS), _falling(VOWELS)
    codas = [OPEN_SYLLABLES + weight for weight in _falling(CODAS)]
    sizes = list(accumulate(SYLLABLE_WEIGHTS))
    words: dict[str, None] = {}
    while len(words) < count:
        size = draw.choices(SYLLABLES, cum_weights=sizes)[0]
        starts = draw.choices(ONSETS, cum_weights=onsets, k=size)
        middles = draw.choices(VOWELS, cum_weights=vowels, k=size)
        ends = draw.choices(CODAS, cum_weights=codas, k=size)
        words["".join(map("".join, zip(starts, middles, ends, strict=True)))] = None
    return list(words)


def zipf_weights(count: int, *, exponent: float = 1.0, scale: int = 1_000_000) -> list[int]:
    """Return falling frequencies for `count` ranks: `scale / rank**exponent`, at least 1 each.

    Raises:
        ValueError: `count` is negative, `exponent` or `scale` not positive.
    """
    if count < 0 or exponent <= 0 or scale < 1:
        raise ValueError(
            f"count must be >= 0, exponent > 0 and scale >= 1, got {count}, {exponent}, {scale}"
        )
    return [max(1, round(scale / rank**exponent)) for rank in range(1, count + 1)]


def zipf_stream(
    words: Sequence[str], length: int, *, exponent: float = 1.0, seed: int = 1
) -> list[str]:
    """Return `length` words drawn from `words` with Zipf frequencies, the first word most often.

    O(length log words).

    Raises:
        ValueError: there is no word to draw from, `length` is negative or `exponent` not positive.
    """
    if not words or length < 0 or exponent <= 0:
        raise ValueError(
            "a stream needs words, a length >= 0 and an exponent > 0, "
            f"got {len(words)} words, {length}, {exponent}"
        )
    weights = list(accumulate(1.0 / rank**exponent for rank in range(1, len(words) + 1)))
    return random.Random(seed).choices(words, cum_weights=weights, k=length)


def misspell(word: str, *, edits: int, seed: int) -> str:
    """Return `word` after `edits` random insertions, deletions, replacements or swaps of neighbours.

    The result is at most `edits` operations away; it may be the word itself.

    Raises:
        ValueError: `edits` is negative.
    """
    if edits < 0:
        raise ValueError(f"edits must be >= 0, got {edits}")
    draw = random.Random(f"{seed}:{word}")  # a string seed is hashed by SHA-512: equal everywhere
    for _ in range(edits):
        at = draw.randrange(len(word) + 1)
        kind = draw.choice("idrs") if word else "i"
        if kind == "i":
            word = word[:at] + draw.choice(LETTERS) + word[at:]
        elif kind == "d":
            word = word[:at] + word[at + 1 :]
        elif kind == "r":
            word = word[:at] + draw.choice(LETTERS) + word[at + 1 :] if at < len(word) else word
        else:
            word = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
    return word


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
        (start, stop, (rng.randrange(1, PRIME), rng.randrange(PRIME)), *ends)
        for (_, start, stop), (_, *ends) in zip(_ranges(n, rng), _ranges(n, rng), strict=True)
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
