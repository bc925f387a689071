"""CLI Applications: keeping items unique, naively and by hash."""

from velvet_cli.unique import naive_unique, unique

__all__ = ["naive_unique", "unique"]
