"""Set membership in a few bits a key: sometimes a wrong yes, never a wrong no."""

from velvet_algorithms.filters.bloom import BlockedBloom, BloomFilter
from velvet_algorithms.filters.cuckoo import CuckooFilter, FilterFull

__all__ = ["BlockedBloom", "BloomFilter", "CuckooFilter", "FilterFull"]
