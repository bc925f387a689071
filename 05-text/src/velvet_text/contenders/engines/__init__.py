"""Engines of regular expressions: `FEATURES` and `compile` in each."""
