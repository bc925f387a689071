"""The broadcasting rule, its explanation and its cost."""

from __future__ import annotations

import pickle

import pytest

from velvet_numerical import broadcasting as b
from velvet_numerical.errors import IllConditioned, MemoryBudgetExceeded, ShapeMismatch


def test_a_mismatch_names_the_axis_from_the_right() -> None:
    with pytest.raises(ShapeMismatch, match="axis -1 has 3 and 4 elements") as found:
        b.broadcast_shape((3,), (4,))
    assert (found.value.axis, found.value.sizes) == (-1, (3, 4))
    with pytest.raises(ShapeMismatch) as found:
        b.broadcast_shape((2, 5, 1), (3, 1, 7))
    assert found.value.axis == -3
    with pytest.raises(ValueError, match="no negative sizes"):
        b.broadcast_shape((-1,))


def test_a_failure_is_explained_below_the_operands() -> None:
    told = b.explain_broadcast((4, 3), (4,)).splitlines()

    assert [line.split() for line in told[:2]] == [
        ["operand", "1", "4", "3"],
        ["operand", "2", "4"],
    ]
    assert told[2].startswith("no result: axis -1")
    assert b.explain_broadcast() == "result    "


def test_the_cost_counts_the_temporaries_of_a_chain() -> None:
    cost = b.broadcast_cost((100, 1), (1, 100), (100, 100), dtype="f4")

    assert cost == b.BroadcastCost(40_000, 40_000, 120_000)
    assert b.broadcast_cost((5,), (5,)).temporaries == 0


@pytest.mark.parametrize(
    "error",
    [ShapeMismatch(-1, (3, 4)), IllConditioned(1.6e16, 0), MemoryBudgetExceeded(2, 1)],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_a_trip_between_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert vars(again) == vars(error)
