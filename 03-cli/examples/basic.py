"""Basic examples: what the functions do."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_cli import naive_unique, unique


@example("same_answer")
def same_answer() -> None:
    """Shows that both versions keep the first of each item, in order."""
    items = [3, 1, 3, 2, 1]

    print("naive: ", naive_unique(items))
    print("hashed:", unique(items))


if __name__ == "__main__":
    main()
