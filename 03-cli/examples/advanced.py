"""Advanced examples: where the better version refuses."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_cli import naive_unique, unique


@example("unhashable")
def unhashable() -> None:
    """Shows that items without a hash need the naive version, or a key."""
    items = [[1], [2], [1]]

    try:
        unique(items)  # type: ignore[type-var]
    except TypeError as error:
        print("hashed:", error)
    print("naive: ", naive_unique(items))  # type: ignore[type-var]


if __name__ == "__main__":
    main()
