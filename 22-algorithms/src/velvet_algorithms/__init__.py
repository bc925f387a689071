"""Algorithms and data structures: built-in, own and compiled, each measured and fitted."""
