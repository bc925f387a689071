"""Intermediate examples: what the naive version costs."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_cli import naive_unique


class Counted:
    """An item that counts how often it was compared."""

    comparisons = 0

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return isinstance(other, Counted) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)


@example("comparisons")
def comparisons() -> None:
    """Shows that doubling the items makes the naive version compare four times as often."""
    for size in (100, 200, 400):
        Counted.comparisons = 0
        naive_unique(Counted(number) for number in range(size))
        print(f"{size:4} items: {Counted.comparisons:6} comparisons")


if __name__ == "__main__":
    main()
