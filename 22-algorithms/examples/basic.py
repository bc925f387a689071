"""First looks: what the built-in does, where it stops being enough, and what that costs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import heapq
import random
import sys
import timeit
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.examples import example, main
from velvet_algorithms.contenders import ways
from velvet_algorithms.dedupe import Deduper, StreamDeduper, list_deduper, set_deduper
from velvet_algorithms.growth import crossover, fit_power
from velvet_algorithms.samples.words import make_words, zipf_stream
from velvet_algorithms.sketches import SpaceSaving


def best_time(work: Callable[[], object]) -> float:
    """Return the least seconds of three calls."""
    return min(timeit.repeat(work, number=1, repeat=3))


@example("builtin_or_own")
def builtin_or_own() -> None:
    """Sorted containers grow value by value, and the winner changes with their size.

    Each value is added, looked for, and the k-th value is asked for; the time is that of one value.
    """
    sizes = (250, 1_000, 4_000, 16_000, 40_000)
    slow = {"SkipList": 4_000, "BPlusTree": 16_000}  # the largest size that is worth the wait
    grown: dict[str, list[float]] = {}
    print(f"{'us a value':17}" + "".join(f"{n:>9,}" for n in sizes) + "  exponent")
    for one in ways("sorted_values"):

        def grow(values: list[int], make: Callable[[list[int]], Any] = one.setup) -> None:
            made = make([])
            for place, value in enumerate(values):
                made.add(value)
                made[place // 2]
                value ^ 1 in made  # noqa: B015 - asked for its cost

        taken = [n for n in sizes if n <= slow.get(one.name, sizes[-1])]
        try:
            drawn = {n: random.Random(1).sample(range(10 * n), n) for n in taken}
            costs = [best_time(partial(grow, drawn[n])) / n * 1e6 for n in taken]
        except ImportError:
            print(f"{one.name:17}not installed (pip install {one.name})")
            continue
        grown[one.name] = costs
        cells = "".join(f"{cost:9.2f}" for cost in costs) + " " * 9 * (len(sizes) - len(taken))
        fit = fit_power(taken, [cost * n for cost, n in zip(costs, taken, strict=True)])
        print(f"{one.name:17}{cells}  {fit}")

    print("\nwinner:")
    for i, n in enumerate(sizes):
        print(f"{n:>10,}  {min((c[i], name) for name, c in grown.items() if i < len(c))[1]}")
    meeting = crossover(sizes, grown["list+insort"], grown["SortedList"])
    where = f"about {meeting:,.0f} values" if meeting else "nowhere between these sizes"
    print(f"\nthe plain list and SortedList meet at {where}")
    print("why: insort moves half the list, in C; a bucket never holds more than 2,000")


@example("dedupe_stream")
def dedupe_stream() -> None:
    """Three answers to "have I seen this order?": a list, a set, and rotating Bloom filters.

    Each size is a stream of n orders of which one in ten comes twice.
    """
    sizes = (100, 200, 400, 800, 1_600, 3_200)
    keep = 50_000  # orders that the production version remembers, whatever the length of the stream

    def stream(n: int) -> list[bytes]:
        return [b"order-%d" % (number - (number % 10 == 9)) for number in range(n)]

    makers: dict[str, Callable[[], Deduper]] = {
        "list": list_deduper,
        "set": set_deduper,
        "StreamDeduper": lambda: StreamDeduper(keep).is_new,
    }
    print(f"{'ms for all':15}" + "".join(f"{n:>8,}" for n in sizes) + "  exponent")
    for name, make in makers.items():

        def new_ones(keys: list[bytes], make: Callable[[], Deduper] = make) -> int:
            return sum(map(make(), keys))

        costs = [best_time(partial(new_ones, stream(n))) for n in sizes]
        cells = "".join(f"{cost * 1e3:8.2f}" for cost in costs)
        print(f"{name:15}{cells}  {fit_power(sizes[1:], costs[1:])}")

    orders = [b"order-%d" % number for number in range(keep)]
    exact = set(orders)
    held = sys.getsizeof(exact) + sum(map(sys.getsizeof, exact))
    deduper = StreamDeduper(keep)
    wrong = sum(not deduper.is_new(order) for order in orders)
    expected = deduper.expected_error()
    print(f"\nafter {keep:,} different orders:")
    print(f"{'set':15}{held:>11,} bytes, never wrong, and growing")
    print(f"{'StreamDeduper':15}{deduper.bytes_used:>11,} bytes, wrong about {wrong} new orders")
    print(f"{'':15}theory: the next new order is called old with {expected:.2%}")
    print(f"missed repeats: {sum(deduper.is_new(order) for order in orders)} of {keep:,}")


@example("top_k")
def top_k_of_many() -> None:
    """The best k of 100,000: a heap while k is small, sorting beyond; a sketch for a stream."""
    rng = random.Random(1)
    numbers = [rng.random() for _ in range(100_000)]
    sizes = (10, 100, 1_000, 4_000, 16_000)
    ways: dict[str, Callable[[int], list[float]]] = {
        "heapq.nlargest": lambda k: heapq.nlargest(k, numbers),
        "sorted, sliced": lambda k: sorted(numbers, reverse=True)[:k],
    }
    print(f"{'ms for k of':15}" + "".join(f"{k:>9,}" for k in sizes))
    grown = {}
    for name, best in ways.items():
        grown[name] = [best_time(partial(best, k)) for k in sizes]
        print(f"{name:15}" + "".join(f"{cost * 1e3:9.1f}" for cost in grown[name]))
    meeting = crossover(sizes, grown["heapq.nlargest"], grown["sorted, sliced"])
    where = f"at about k = {meeting:,.0f}" if meeting else "beyond these k"
    print(f"sorting everything is faster {where}\n")

    stream = zipf_stream(make_words(86_000), 100_000, seed=2)
    truth = Counter(stream)
    sketch: SpaceSaving[str] = SpaceSaving(500)
    sketch.update(stream)
    wanted = {word for word, _ in truth.most_common(20)}
    found = {heavy.item for heavy in sketch.top(20)}
    print(f"{len(stream):,} words, {len(truth):,} different; Space-Saving counts 500 of them")
    print(f"recall@20 {len(wanted & found) / 20:.2f}")
    print(f"{'word':12}{'at least':>9}{'true':>7}{'at most':>9}")
    for heavy in sketch.top(4):
        least = heavy.count - heavy.error
        print(f"{heavy.item:12}{least:9,}{truth[heavy.item]:7,}{heavy.count:9,}")
    over = max(heavy.count - truth[heavy.item] for heavy in sketch.top(500))
    print(f"largest overcount {over}, guaranteed at most {sketch.error_bound():.0f}")


if __name__ == "__main__":
    main()
