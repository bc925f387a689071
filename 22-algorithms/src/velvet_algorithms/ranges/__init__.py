"""Answers about ranges of a sequence that changes: sums, any associative product, minima."""
