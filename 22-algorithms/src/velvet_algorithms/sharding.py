"""Which of n nodes owns a key, and how many keys move when there is one node more.

Modulo moves nearly all of them. A hash ring (Karger et al. 1997) and rendezvous hashing (Thaler and
Ravishankar 1998) move only what has to move and work with nodes that have names; jump hashing
(Lamping and Veach 2014) needs no table at all, but nodes numbered 0 to n - 1 that only come and go at
the end.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from velvet_algorithms.contract import plain
from velvet_algorithms.hashing import MASK64, MAX_SALT, as_bytes, checked_whole, hash64

JUMP_MULTIPLIER = 2862933555777941757  # of the linear congruential generator in the paper


def jump_hash(key64: int, nodes: int) -> int:
    """Return the number of a key's node, from 0 to nodes - 1; O(log nodes).

    Args:
        key64: the key's hash, 64 bits unsigned.
        nodes: how many there are.

    Raises:
        ValueError: `nodes` is smaller than 1, or `key64` is not of 64 bits.

    >>> jump_hash(256, 1024)
    520
    """
    nodes, key64 = checked_whole("nodes", nodes), plain(key64)
    if not 0 <= key64 <= MASK64:
        raise ValueError(f"key64 must be an unsigned number of 64 bits, got {key64}")
    bucket, following = -1, 0
    while following < nodes:
        bucket = following
        key64 = (key64 * JUMP_MULTIPLIER + 1) & MASK64
        following = int((bucket + 1) * (float(1 << 31) / float((key64 >> 33) + 1)))
    return bucket


def mod_hash(key64: int, nodes: int) -> int:
    """Return the key's hash modulo the number of nodes; nearly all keys move when that changes.

    Raises:
        ValueError: `nodes` is smaller than 1.
    """
    return checked_whole("key64", key64, 0) % checked_whole("nodes", nodes)


def rendezvous(key: bytes | str, nodes: Iterable[str]) -> str:
    """Return the node with the highest score for a key; O(nodes), no table, any names.

    Raises:
        ValueError: there is no node.
    """
    data, known = as_bytes(key), list(nodes)
    if not known:
        raise ValueError("rendezvous needs at least one node, got none")
    return max(known, key=lambda node: (hash64(data, _salt_of(node)), node))


def _salt_of(node: str) -> bytes:
    """Return a node's name as a salt; a longer one than a salt may be counts whole, by its digest."""
    name = as_bytes(node)
    return name if len(name) <= MAX_SALT else blake2b(name).digest()


class Shards:
    """A way of placing keys on named nodes; raises ValueError when there is no node, or one twice."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self.nodes = list(nodes)
        if not self.nodes or len(set(self.nodes)) != len(self.nodes):
            raise ValueError(f"nodes must be different and at least one, got {self.nodes}")

    def node_for(self, key: bytes | str) -> str:
        """Return the node that owns a key, which is bytes or str (else a TypeError)."""
        raise NotImplementedError


class ModShards(Shards):
    """`mod_hash` over named nodes: what most people write first. O(1) a key."""

    def node_for(self, key: bytes | str) -> str:
        """Return the node that owns a key."""
        return self.nodes[hash64(key) % len(self.nodes)]


class JumpShards(Shards):
    """`jump_hash` over a list of nodes, to be changed at its end only. O(log nodes) a key."""

    def node_for(self, key: bytes | str) -> str:
        """Return the node that owns a key."""
        return self.nodes[jump_hash(hash64(key), len(self.nodes))]


class RendezvousShards(Shards):
    """`rendezvous` over named nodes that come and go in any order. O(nodes) a key."""

    def node_for(self, key: bytes | str) -> str:
        """Return the node that owns a key."""
        return rendezvous(key, self.nodes)


class HashRing(Shards):
    """Nodes at many points of a circle; a key belongs to the next point.

    Args:
        nodes: their names.
        vnodes: points a node; the load's spread falls with its square root (1: 2.8 times the mean for
            ten nodes, 100: 1.2, 1,000: 1.07) and the table grows with it.

    Raises:
        ValueError: there is no node, one twice, or `vnodes` is smaller than 1.

    `node_for` is O(log(nodes * vnodes)).
    """

    def __init__(self, nodes: Sequence[str], vnodes: int = 100) -> None:
        super().__init__(nodes)
        self.vnodes = checked_whole("vnodes", vnodes)
        ring = sorted(
            (hash64(f"{node}#{number}"), node)
            for node in self.nodes
            for number in range(self.vnodes)
        )
        self._points = [point for point, _ in ring]
        self._owners = [node for _, node in ring]

    def node_for(self, key: bytes | str) -> str:
        """Return the node that owns a key."""
        at = bisect_right(self._points, hash64(key))
        return self._owners[at if at < len(self._owners) else 0]


def moved(before: Shards, after: Shards, keys: Sequence[bytes | str]) -> float:
    """Return the share of keys that another node owns afterwards; ValueError without a key."""
    if not keys:
        raise ValueError("the share of moved keys needs at least one key")
    return sum(before.node_for(key) != after.node_for(key) for key in keys) / len(keys)


def imbalance(shards: Shards, nodes: int, keys: Iterable[bytes | str]) -> float:
    """Return the load of the fullest node over the mean load of all `nodes`; 1.0 is perfect.

    Raises:
        ValueError: there are no keys, or `nodes` is smaller than 1.
    """
    loads = Counter(map(shards.node_for, keys))
    if not loads:
        raise ValueError("an imbalance needs at least one key")
    return max(loads.values()) * checked_whole("nodes", nodes) / loads.total()
