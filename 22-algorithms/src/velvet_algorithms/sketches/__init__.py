"""Answers about streams that do not fit into memory, each with a bound on its error."""

from velvet_algorithms.sketches.countmin import CountMin
from velvet_algorithms.sketches.hyperloglog import HyperLogLog
from velvet_algorithms.sketches.reservoir import Reservoir
from velvet_algorithms.sketches.spacesaving import Heavy, SpaceSaving
from velvet_algorithms.sketches.tdigest import TDigest

__all__ = ["CountMin", "Heavy", "HyperLogLog", "Reservoir", "SpaceSaving", "TDigest"]
