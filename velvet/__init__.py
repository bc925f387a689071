"""Velvet Python: the shared toolkit behind the numbered modules."""

__version__ = "0.1.0"
