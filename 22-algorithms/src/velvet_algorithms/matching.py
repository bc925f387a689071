"""The largest set of pairs between two sides: workers and shifts, courses and rooms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

FREE = -1


def hopcroft_karp(adjacency: Sequence[Sequence[int]], right: int) -> list[int]:
    """Return for each node of the left side its partner on the right, or -1.

    Args:
        adjacency: for each left node the right nodes that it may have.
        right: number of nodes on the right.

    Raises:
        ValueError: a right node is out of range.

    O(m sqrt n), without recursion. Prefer `scipy.sparse.csgraph.maximum_bipartite_matching` on
    large inputs. Source: Hopcroft and Karp, "An n^5/2 algorithm for maximum matchings in bipartite
    graphs", 1973.
    """
    for node, row in enumerate(adjacency):
        for partner in row:
            if not 0 <= partner < right:
                raise ValueError(
                    f"left node {node} names {partner}; the right side is 0..{right - 1}"
                )
    partner_of = [FREE] * len(adjacency)
    owner_of = [FREE] * right
    while True:
        level = _levels(adjacency, partner_of, owner_of)
        rest = [iter(row) for row in adjacency]
        starts = [node for node, partner in enumerate(partner_of) if partner == FREE]
        found = [_augment(node, level, rest, partner_of, owner_of) for node in starts]
        if not any(found):
            return partner_of


def _levels(
    adjacency: Sequence[Sequence[int]], partner_of: list[int], owner_of: list[int]
) -> list[int]:
    """Return each left node's distance from the free ones, along alternating paths."""
    level = [0 if partner == FREE else -1 for partner in partner_of]
    reached = [node for node, partner in enumerate(partner_of) if partner == FREE]
    for node in reached:
        for partner in adjacency[node]:
            owner = owner_of[partner]
            if owner != FREE and level[owner] < 0:
                level[owner] = level[node] + 1
                reached.append(owner)
    return level


def _augment(
    start: int,
    level: list[int],
    rest: Sequence[Iterator[int]],
    partner_of: list[int],
    owner_of: list[int],
) -> bool:
    """Look for a path from a free left node to a free right one, and swap along it."""
    path: list[tuple[int, int]] = []
    node = start
    while True:
        for partner in rest[node]:
            owner = owner_of[partner]
            if owner == FREE:
                for left, taken in [*path, (node, partner)]:
                    partner_of[left], owner_of[taken] = taken, left
                return True
            if level[owner] == level[node] + 1:
                path.append((node, partner))
                node = owner
                break
        else:
            if not path:
                return False
            node = path.pop()[0]
