"""The tab says what its figure shows, and nothing before there is something to say."""

from velvet.ui.kit import Seen
from velvet_numerical.dashboard import growth, tasks


def test_the_finding_compares_the_largest_size_that_both_have() -> None:
    events = [
        {"type": "point", "name": "dictionary", "n": 100, "us": 2.0},
        {"type": "point", "name": "remembering_list", "n": 100, "us": 30.0},
        {"type": "point", "name": "dictionary", "n": 200, "us": 4.0},
    ]

    assert "At 100 items the dictionary is **15x faster**" in growth.finding(Seen(events))
    assert growth.finding(Seen(events[:1])) == ""


def test_the_task_tells_its_plan_and_then_every_point() -> None:
    plan, *points = tasks.grow(largest=200)

    assert plan == {"type": "plan", "total": len(points)}
    assert {point["n"] for point in points} == {100, 200}
    assert len(growth.figure_of(points).data) == 2
