"""Maximum flow, minimum cut and matchings."""

from __future__ import annotations

import math

import pytest

from velvet_algorithms.flow import FlowEdge, MaxFlow, hopcroft_karp

# CLRS, figure 26.1
CLRS = [(0, 1, 16), (0, 2, 13), (1, 3, 12), (2, 1, 4), (2, 4, 14), (3, 2, 9), (3, 5, 20)]
CLRS += [(4, 3, 7), (4, 5, 4)]


def network(edges: list[tuple[int, int, float]], n: int = 6) -> MaxFlow:
    made = MaxFlow(n)
    for edge in edges:
        made.add_edge(*edge)
    return made


def test_the_textbook_network_carries_23() -> None:
    assert network(CLRS).flow(0, 5) == 23


def test_the_cut_is_as_wide_as_the_flow() -> None:
    made = network(CLRS)
    flow = made.flow(0, 5)

    side = made.min_cut(0)

    cut = [edge for edge in made.edges if side[edge.tail] and not side[edge.head]]
    assert sum(edge.capacity for edge in cut) == flow
    assert all(edge.flow == edge.capacity for edge in cut)
    assert (side[0], side[5]) == (True, False)


def test_what_enters_a_node_leaves_it() -> None:
    made = network(CLRS)
    made.flow(0, 5)

    for node in (1, 2, 3, 4):
        enters = sum(edge.flow for edge in made.edges if edge.head == node)
        assert enters == sum(edge.flow for edge in made.edges if edge.tail == node)


def test_a_limit_is_kept_and_the_rest_can_follow() -> None:
    made = network(CLRS)

    assert [made.flow(0, 5, limit=10), made.flow(0, 5), made.flow(0, 5)] == [10, 13, 0]


def test_a_limit_of_nothing_pushes_nothing() -> None:
    assert network(CLRS).flow(0, 5, limit=0) == 0


def test_a_limit_in_floats_is_met_without_a_full_arc() -> None:
    made = network([(0, 1, 1.0), (0, 1, 1.0)], n=2)

    assert made.flow(0, 1, limit=0.1) == pytest.approx(0.1)
    assert made.flow(0, 1, limit=0.7) == pytest.approx(0.7)


def test_edges_are_numbered_and_know_their_flow() -> None:
    made = MaxFlow(2)

    assert [made.add_edge(0, 1, 5), made.add_edge(0, 1, 2), made.add_edge(0, 0, 1)] == [0, 1, 2]
    made.flow(0, 1, limit=3)
    assert made.edge(1) == FlowEdge(0, 1, 2, 2)
    assert made.edge(0) == FlowEdge(0, 1, 5, 1)


def test_an_edge_can_be_changed_between_flows() -> None:
    made = network([(0, 1, 5), (1, 2, 3)], n=3)
    assert made.flow(0, 2) == 3

    made.change_edge(1, 4, 3)

    assert made.flow(0, 2) == 1


def test_no_way_carries_nothing() -> None:
    made = network([(0, 1, 5)], n=3)

    assert made.flow(0, 2) == 0
    assert made.min_cut(0) == [True, True, False]


def test_an_endless_pipe_needs_a_limit() -> None:
    made = network([(0, 1, math.inf)], n=2)

    with pytest.raises(ValueError, match="give a limit"):
        made.flow(0, 1)
    assert made.flow(0, 1, limit=7) == 7


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda made: MaxFlow(-1), "0 or more nodes"),
        (lambda made: made.add_edge(0, 6, 1), r"node 6 .* 0\.\.5"),
        (lambda made: made.add_edge(-1, 2, 1), "node -1"),
        (lambda made: made.add_edge(0, 1, -2), "arc 0 -> 1: a capacity is at least 0, not -2"),
        (lambda made: made.add_edge(0, 1, math.nan), "not nan"),
        (lambda made: made.flow(0, 0), "differ"),
        (lambda made: made.flow(0, 5, limit=-1), "limit -1"),
        (lambda made: made.flow(0, 9), "node 9"),
        (lambda made: made.min_cut(6), "node 6"),
        (lambda made: made.edge(9), r"no arc 9; arcs are 0\.\.8"),
        (lambda made: made.change_edge(0, 3, 4), "not flow 4 of 3"),
        (lambda made: made.change_edge(-1, 3, 1), "no arc -1"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(act: object, message: str) -> None:
    made = network(CLRS)

    with pytest.raises(ValueError, match=message):
        act(made)  # type: ignore[operator]

    assert made.flow(0, 5) == 23


def test_everybody_who_can_gets_a_partner() -> None:
    found = hopcroft_karp([[0, 1], [0], [1, 2], [2]], 3)

    assert sum(partner >= 0 for partner in found) == 3
    assert len({partner for partner in found if partner >= 0}) == 3


def test_an_empty_side_has_no_pairs() -> None:
    assert hopcroft_karp([], 3) == []
    assert hopcroft_karp([[], []], 0) == [-1, -1]


def test_a_partner_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"left node 1 names 3; the right side is 0\.\.2"):
        hopcroft_karp([[0], [3]], 3)
