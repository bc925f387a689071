"""Answers about streams that do not fit into memory, each with a bound on its error."""

from velvet_algorithms.sketches.counting import CountMin, HyperLogLog
from velvet_algorithms.sketches.samples import Heavy, Reservoir, SpaceSaving
from velvet_algorithms.sketches.tdigest import TDigest

__all__ = ["CountMin", "Heavy", "HyperLogLog", "Reservoir", "SpaceSaving", "TDigest"]
