"""First looks: what the built-in does, where it stops being enough, and what that costs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

from velvet.examples import example, main
from velvet_algorithms.contenders import contenders
from velvet_algorithms.growth import Growth, crossover, measure_growth


@example("builtin_or_own")
def builtin_or_own() -> None:
    """Four sorted containers grow value by value, and the winner changes with their size.

    Each value is added, looked for, and the k-th value is asked for; the time is that of one value.
    """
    sizes = (250, 1_000, 4_000, 16_000, 64_000)
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


if __name__ == "__main__":
    main()
