"""Basic examples: what keeping items unique means."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_nlp.contenders import dictionary, remembering_list


@example("same_answer")
def same_answer() -> None:
    """Shows that both ways keep the first of each item, in order."""
    items = [3, 1, 3, 2, 1]

    by_list = remembering_list.unique(items)
    by_dictionary = dictionary.unique(items)

    print("items:     ", items)
    print("list:      ", by_list)
    print("dictionary:", by_dictionary)

    dropped = len(items) - len(by_list)
    same = by_list == by_dictionary
    print(f"{dropped} repeats are gone, and both answers are the same: {same}")


@example("first_of_each")
def first_of_each() -> None:
    """Shows that the order is that of the first appearance, not that of the alphabet."""
    basket = ["banana", "cherry", "banana", "apple", "cherry"]

    kept = dictionary.unique(basket)
    sorted_set = sorted(set(basket))

    print("as they came:     ", ", ".join(kept))
    print("sorted from a set:", ", ".join(sorted_set))

    for fruit in kept:
        place = basket.index(fruit)
        print(f"{fruit}: first seen at place {place}")
    print(f"{len(basket) - len(kept)} of {len(basket)} were repeats")


@example("nothing_to_keep")
def nothing_to_keep() -> None:
    """Shows the smallest inputs: none, and one item many times."""
    empty: list[int] = []
    same = [7] * 1000

    answers = [
        remembering_list.unique(empty),
        dictionary.unique(empty),
        dictionary.unique(same),
    ]

    print(*answers)
    for answer in answers:
        print(f"{len(answer)} kept")
    print(f"{len(same):,} times the same item is one item")


if __name__ == "__main__":
    main()
