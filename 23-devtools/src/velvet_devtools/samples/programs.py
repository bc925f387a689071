"""Programs with a seeded bug or a choice in them, for the recorder to look at."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BAD_ITEM = 7_313


@dataclass
class Item:
    """A line of an order."""

    number: int
    price: float


def items(count: int = 10_000) -> list[Item]:
    """Return items, one of which has no number as its price, so that every later total is NaN."""
    return [Item(n, math.nan if n == BAD_ITEM else n % 97 + 0.5) for n in range(1, count + 1)]


def subtotal(total: float, item: Item) -> float:
    """Add an item's price."""
    total = total + item.price
    return total  # noqa: RET504 - the recorder is asked who wrote `total`


def add_up(order: list[Item]) -> float:
    """Add all prices."""
    total = 0.0
    for item in order:
        total = subtotal(total, item)
    return total


def binary_search(values: list[int], wanted: int) -> int:
    """Look for a value; the bug: `low` is not moved past the middle."""
    low, high, turns = 0, len(values) - 1, 0
    while low < high and turns < 12:
        turns += 1
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle
        else:
            high = middle
    return low


def insertion_sort(values: list[int]) -> list[int]:
    """Sort a copy by insertion."""
    done = list(values)
    for i in range(1, len(done)):
        moving = done[i]
        j = i
        while j > 0 and done[j - 1] > moving:
            done[j] = done[j - 1]
            j -= 1
        done[j] = moving
    return done


def fibonacci(n: int) -> int:
    """Return a Fibonacci number by naive recursion."""
    if n < 2:
        return n
    left = fibonacci(n - 1)
    right = fibonacci(n - 2)
    return left + right


def running_mean(values: list[float]) -> Iterator[float]:
    """Yield the mean of what came so far."""
    total = 0.0
    for count, value in enumerate(values, 1):
        total += value
        mean = total / count
        yield mean


def means(values: list[float]) -> list[float]:
    """Collect the running mean."""
    return [round(mean, 3) for mean in running_mean(values)]


def account(draw: random.Random) -> int:
    """Move a balance up and down; two seeds part at the first draw that differs."""
    balance = 100
    for day in range(12):
        change = draw.choice((-30, -10, 10, 20)) if day > 4 else 10
        balance = balance + change
        if balance < 60:
            fee = 5
            balance = balance - fee
    return balance


def risky(text: str) -> int:
    """Read numbers, forgive one kind of mistake and not the other."""
    found = 0
    for word in text.split(","):
        try:
            number = int(word)
        except ValueError:
            number = -1
        found += 100 // number
    return found


PROGRAMS: dict[str, tuple[list[Callable[..., object]], Callable[[], object]]] = {
    "account": ([account], lambda: account(random.Random(1))),
    "account, another seed": ([account], lambda: account(random.Random(5))),
    "binary search that never ends": (
        [binary_search], lambda: binary_search([2, 3, 5, 7, 11, 13, 17], 13),
    ),
    "insertion sort": ([insertion_sort], lambda: insertion_sort([5, 2, 9, 1, 7])),
    "recursion": ([fibonacci], lambda: fibonacci(6)),
    "generator": ([means, running_mean], lambda: means([3.0, 5.0, 1.0, 8.0])),
    "exception": ([risky], lambda: risky("5,x,20")),
}  # fmt: skip
