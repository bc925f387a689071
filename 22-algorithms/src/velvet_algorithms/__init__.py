"""Algorithms & Data Structures: keeping items unique, naively and by hash."""

from velvet_algorithms.unique import naive_unique, unique

__all__ = ["naive_unique", "unique"]
