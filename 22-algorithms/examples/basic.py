"""First looks: what the built-in does, where it stops being enough, and what that costs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections import Counter
from collections.abc import Callable

from velvet.examples import example, main
from velvet_algorithms.apps.dedupe import Deduper, StreamDeduper, list_deduper, set_deduper
from velvet_algorithms.apps.words import make_words, zipf_stream
from velvet_algorithms.contenders import contenders
from velvet_algorithms.growth import Growth, crossover, measure_growth
from velvet_algorithms.sketches import SpaceSaving


@example("builtin_or_own")
def builtin_or_own() -> None:
    """Four sorted containers grow value by value, and the winner changes with their size.

    Each value is added, looked for, and the k-th value is asked for; the time is that of one value.
    """
    sizes = (250, 1_000, 4_000, 16_000, 40_000)
    slow = {"SkipList": 4_000, "BPlusTree": 16_000}  # the largest size that is worth the wait
    grown: dict[str, Growth] = {}
    print(f"{'us a value':17}" + "".join(f"{n:>9,}" for n in sizes) + "  exponent")
    for one in contenders("sorted"):
        if one.absent:
            print(f"{one.name:17}{one.absent}")
            continue
        taken = [n for n in sizes if n <= slow.get(one.name, sizes[-1])]
        growth = measure_growth(lambda run: run(), one.prepare, taken, 0.002)
        grown[one.name] = growth
        costs = [value / n * 1e6 for n, value in zip(taken, growth.values, strict=True)]
        cells = "".join(f"{cost:9.2f}" for cost in costs) + " " * 9 * (len(sizes) - len(taken))
        print(f"{one.name:17}{cells}  {growth.power}")

    winners = [
        min((growth.values[i], name) for name, growth in grown.items() if i < len(growth.values))[1]
        for i in range(len(sizes))
    ]
    print("\nwinner:")
    for n, winner in zip(sizes, winners, strict=True):
        print(f"{n:>10,}  {winner}")
    meeting = crossover(grown["list+insort"], grown["SortedBag"])
    where = f"about {meeting:,.0f} values" if meeting else "nowhere between these sizes"
    print(f"\nthe plain list and SortedBag meet at {where}")
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

        growth = measure_growth(new_ones, stream, sizes, 0.005)
        cells = "".join(f"{value * 1e3:8.2f}" for value in growth.values)
        print(f"{name:15}{cells}  {growth.power}")

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
        grown[name] = measure_growth(best, lambda k: k, sizes, 0.001)
        print(f"{name:15}" + "".join(f"{value * 1e3:9.1f}" for value in grown[name].values))
    meeting = crossover(grown["heapq.nlargest"], grown["sorted, sliced"])
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
