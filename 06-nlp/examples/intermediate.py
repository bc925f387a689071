"""Intermediate examples: what each way asks of the items."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_nlp.contenders import dictionary, remembering_list

SIZES = (100, 200, 400)


class Counted:
    """An item that counts how often it is compared and hashed."""

    comparisons = 0
    hashes = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return isinstance(other, Counted) and other.value == self.value

    def __hash__(self) -> int:
        Counted.hashes += 1
        return hash(self.value)


@example("comparisons")
def comparisons() -> None:
    """Shows that a list compares four times as often when the items double."""
    before = 0

    for size in SIZES:
        Counted.comparisons = 0
        remembering_list.unique(Counted(number) for number in range(size))
        made = Counted.comparisons
        growth = f"{made / before:.1f} times as many" if before else "the first size"
        print(f"{size:4} items: {made:6} comparisons, {growth}")
        before = made

    # Every new item is compared with all that were kept before it.
    print("doubling the items makes it four times the work: quadratic")


@example("hash_calls")
def hash_calls() -> None:
    """Shows that a dictionary hashes each item once, however many there are."""
    before = 0

    for size in SIZES:
        Counted.hashes = 0
        dictionary.unique(Counted(number) for number in range(size))
        made = Counted.hashes
        growth = f"{made / before:.1f} times as many" if before else "the first size"
        print(f"{size:4} items: {made:6} hashes, {growth}")
        before = made

    # The hash leads to the place where an equal item would be.
    print("doubling the items doubles the work: linear")


@example("equal_items")
def equal_items() -> None:
    """Shows that items of different types are one item when they are equal."""
    items = [1, 1.0, True, 2]

    print("items:     ", items)
    print("list:      ", remembering_list.unique(items))
    print("dictionary:", dictionary.unique(items))

    # What is equal has to have the same hash, or a dictionary would miss it.
    for other in items[1:3]:
        same = other == items[0]
        alike = hash(other) == hash(items[0])
        print(f"{other!r} equals 1: {same}; has the hash of 1: {alike}")
    print("the first of the three is kept")


if __name__ == "__main__":
    main()
