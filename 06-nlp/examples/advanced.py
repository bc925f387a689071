"""Advanced examples: where the faster way refuses, and what to do then."""

from __future__ import annotations

import math

from velvet.examples import example, main
from velvet_nlp.contenders import dictionary, remembering_list


@example("unhashable")
def unhashable() -> None:
    """Shows that items without a hash need the list that remembers."""
    rows = [[1], [2], [1]]

    try:
        kept = dictionary.unique(rows)  # type: ignore[type-var]
    except TypeError as error:
        print("dictionary:", error)
    else:
        print("dictionary:", kept)

    kept = remembering_list.unique(rows)
    print("list:      ", kept)
    print(f"{len(rows) - len(kept)} repeat is gone")


@example("by_a_key")
def by_a_key() -> None:
    """Shows that a key with a hash gives lists the speed of a dictionary."""
    rows = [[1], [2], [1]]

    # A tuple of the values is equal where the rows are, and it has a hash.
    first_of: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        first_of.setdefault(tuple(row), row)
    kept = list(first_of.values())

    print("rows:", rows)
    print("kept:", kept)
    for key, row in first_of.items():
        print(f"{key} stands for {row}")


@example("not_a_number")
def not_a_number() -> None:
    """Shows that a value which is not equal to itself is still found by identity."""
    nan = math.nan
    items = [nan, nan, 1.0]

    by_list = remembering_list.unique(items)
    by_dictionary = dictionary.unique(items)

    print(f"nan == nan is {nan == nan}, nan is nan is {nan is nan}")
    # Both look for the very same object before they ask for equality.
    print(
        f"list: {len(by_list)} of {len(items)}, "
        f"dictionary: {len(by_dictionary)} of {len(items)}"
    )


if __name__ == "__main__":
    main()
