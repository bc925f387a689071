"""Database Systems: keeping items unique, naively and by hash."""

from velvet_databases.unique import naive_unique, unique

__all__ = ["naive_unique", "unique"]
