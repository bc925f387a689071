"""Where the algorithm beats the language, and where the input beats the algorithm.

Every example is one function to be read from top to bottom; run one of them with
`python examples/advanced.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import random
import secrets
import string
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import pairwise
from zlib import crc32

from velvet.examples import example, main
from velvet_algorithms.adversary import ATTACKS, bloom_polluter
from velvet_algorithms.dp import subset_sums, subset_sums_set
from velvet_algorithms.external import Spill, external_sort
from velvet_algorithms.filters import BloomFilter
from velvet_algorithms.graph import beeline, road_network
from velvet_algorithms.growth import fit_power
from velvet_algorithms.hierarchy import ContractionHierarchy
from velvet_algorithms.paths import (
    Landmarks,
    PathResult,
    astar,
    bidirectional,
    dijkstra,
    naive_dijkstra,
)
from velvet_algorithms.strings import lcs_length, levenshtein, levenshtein_dp


@example("route_planner")
def route_planner() -> None:
    """Six planners find the same routes and settle thousands of crossings, or a few dozen."""
    graph = road_network(60, seed=1)
    trips = [(61, 3538), (1859, 24), (3599, 7), (480, 3119), (1500, 2100)]
    began = time.perf_counter()
    hierarchy = ContractionHierarchy.build(graph)
    built = time.perf_counter() - began
    landmarks = Landmarks(graph)
    bounds = {target: beeline(graph, target).__getitem__ for _, target in trips}
    planners: dict[str, Callable[[int, int], PathResult]] = {
        "sorted list": lambda s, t: naive_dijkstra(graph, s, t),
        "Dijkstra, heapq": lambda s, t: dijkstra(graph, s, t),
        "from both ends": lambda s, t: bidirectional(graph, s, t),
        "A*, bee-line": lambda s, t: astar(graph, s, t, bounds[t]),
        "A*, landmarks": landmarks.route,
        "hierarchy": hierarchy.query,
    }
    road = {(tail, head): weight for tail, row in enumerate(graph.out) for head, weight in row}
    print(
        f"{graph.n:,} crossings, {len(trips)} trips; the hierarchy took {built:.2f} s to build.\n"
    )
    print(f"{'':17}{'settled':>8}{'ms/trip':>9}{'blocks':>9}   checksum of the paths' lengths")
    for name, plan in planners.items():
        began = time.perf_counter()
        answers = [plan(source, target) for source, target in trips]
        each = (time.perf_counter() - began) / len(trips) * 1e3
        settled = sum(len(answer.settled) for answer in answers) // len(trips)
        blocks = sum(answer.distance for answer in answers) / 1000
        walked = [sum(road[step] for step in pairwise(answer.path)) for answer in answers]
        checksum = crc32(repr(walked).encode())
        print(f"{name:17}{settled:8,}{each:9.2f}{blocks:9.1f}   {checksum:08x}")
    first = hierarchy.query(*trips[0])
    print(
        f"\nThe first trip is {len(first.packed) - 1} arcs of the hierarchy,"
        f" which unpack into {len(first.path) - 1} streets."
    )


@example("big_integers_as_simd")
def big_integers_as_simd() -> None:
    """One Python integer does a whole column of a table at once, hundreds of times faster."""
    rng = random.Random(5)
    a, b = ("".join(rng.choices(string.ascii_lowercase, k=600)) for _ in range(2))
    weights = [rng.randrange(1, 1000) for _ in range(120)]

    def lcs_table(one: str, other: str) -> int:
        above = [0] * (len(other) + 1)
        for letter in one:
            here = [0]
            for place, there in enumerate(other):
                longer = above[place] + 1 if letter == there else max(above[place + 1], here[-1])
                here.append(longer)
            above = here
        return above[-1]

    tasks: list[tuple[str, Callable[[], int], Callable[[], int]]] = [
        ("edit distance", lambda: levenshtein_dp(a, b), lambda: levenshtein(a, b)),
        ("common letters", lambda: lcs_table(a, b), lambda: lcs_length(a, b)),
        (
            "subset sums",
            lambda: len(subset_sums_set(weights)),
            lambda: subset_sums(weights).bit_count(),
        ),
    ]
    print(f"{'':16}{'answer':>8}{'cell by cell':>15}{'in one integer':>17}{'faster':>9}")
    for name, slow, fast in tasks:
        times = []
        answers = set()
        for solve, turns in ((slow, 1), (fast, 20)):
            began = time.perf_counter()
            for _ in range(turns):
                answers.add(solve())
            times.append((time.perf_counter() - began) / turns * 1e3)
        (answer,) = answers
        by = times[0] / times[1]
        print(f"{name:16}{answer:8,}{times[0]:12.1f} ms{times[1]:14.3f} ms{by:8,.0f}x")
    print("\nAn addition carries through a whole column: 30 cells a machine word, all in C.")


@example("under_attack")
def under_attack() -> None:
    """Keys chosen by an attacker make three structures quadratic, and a defence undoes each."""
    sizes = (60, 125, 250, 500, 1_000, 2_000)
    sides = {"ordinary": "ordinary", "attacked": "hostile", "defended": "defended"}
    print("comparisons, counted, so equal on every machine; times are those of this one\n")
    for name, attack in ATTACKS.items():
        points = [attack.sides(n) for n in sizes]
        print(f"{name:16}" + "".join(f"{n:>10,}" for n in sizes[2:]) + f"{'exponent':>10}{'ms':>9}")
        for label, side in sides.items():
            counts = [point[side][0] for point in points]
            cells = "".join(f"{count:10,}" for count in counts[2:])
            grows = f"{fit_power(sizes, counts).exponent:.2f}" if all(counts) else "-"
            print(f"  {label:14}{cells}{grows:>10}{points[-1][side][1] * 1e3:9.2f}")
        print()

    polluted = bloom_polluter(1_000, 0.01)
    print("a Bloom filter for 1 % after 1,000 keys that an attacker chose:")
    for label, salt in (("no salt", b""), ("secret salt", secrets.token_bytes(16))):
        seen = BloomFilter(1_000, 0.01, salt=salt)
        for key in polluted:
            seen.add(key)
        print(f"  {label:12} {seen.theory():.1%} of new keys are taken for old ones")
    print("\nthe defences: keys as text, whose hash is salted; introsort; a shuffle; a salt")


@example("sort_bigger_than_memory")
def sort_bigger_than_memory() -> None:
    """100,000 lines are sorted while a tenth of them is held, and memory falls as much."""
    count = 100_000

    def lines() -> Iterator[str]:
        return (f"{number * 2_654_435_761 % 2**32:010} {number}" for number in range(count))

    def drained(rows: Iterable[str]) -> str:
        digest = sha256()
        for line in rows:
            digest.update(line.encode())
        return digest.hexdigest()[:12]

    ways: list[tuple[str, Callable[[Spill], Iterable[str]]]] = [
        ("sorted()", lambda _: sorted(lines())),
        ("10,000 at a time", lambda spill: external_sort(lines(), max_lines=10_000, spill=spill)),
        ("1,000 at a time", lambda spill: external_sort(lines(), max_lines=1_000, spill=spill)),
    ]
    print(f"{'':18}{'runs':>6}{'merges':>8}{'passes':>8}{'peak MB':>9}{'s':>7}  checksum")
    for name, start in ways:
        spill = Spill()
        began = time.perf_counter()
        checksum = drained(start(spill))
        took = time.perf_counter() - began
        tracemalloc.start()  # a second time, because tracing takes several times as long
        drained(start(Spill()))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        figures = f"{spill.runs:6}{spill.merges:8}{spill.passes:8}{peak:9.1f}{took:7.2f}"
        print(f"{name:18}{figures}  {checksum}")
    print("\nWith 100 runs the buffers of open files take more than the lines that are held.")
    print("The runs are files without a name: a killed process leaves nothing behind.")


if __name__ == "__main__":
    main()
