"""Eviction policies with one surface, the traces that tell them apart, and Belady's optimum."""
