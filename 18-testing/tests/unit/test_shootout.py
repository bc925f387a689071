"""The scoreboard, and the child that hunts."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import pytest

from velvet_testing import corpus, shootout, strategies
from velvet_testing.corpus import Program
from velvet_testing.hunt import Finding
from velvet_testing.shootout import FalseAlarm, Hunt, Scoreboard


@dataclass(frozen=True)
class Sleepy:
    """Hangs on buggy modules, or on all; dies on demand."""

    clean: bool = True
    dies: bool = False
    name: ClassVar[str] = "sleepy"
    seeded: ClassVar[bool] = False

    def supports(self, p: Program) -> bool:
        return True

    def hunt(self, m: ModuleType, p: Program, *, budget_s: float, seed: int) -> Finding | None:
        if self.clean and not str(m.__file__).startswith("<"):
            return None
        if self.dies:
            import os

            os._exit(0)
        time.sleep(600)
        return None


def board() -> Scoreboard:
    return Scoreboard(
        [
            Hunt("a", "x-1", 1, "FOUND", 0.1),
            Hunt("a", "x-1", 2, "MISSED", 1.0),
            Hunt("a", "x-2", 1, "HANG", 2.0),
            Hunt("a", "x-2", 2, "HANG", 4.0),
            Hunt("b", "x-2", 1, "FOUND", 0.2),
            Hunt("b", "x-3", 1, "FOUND", 0.4),
            Hunt("c", "x-3", 1, "FOUND", 9.0),
        ]
    )


def test_the_scoreboard_answers_its_questions() -> None:
    one = board()

    assert one.found("a") == {"x-1", "x-2"}
    assert one.probability("a", "x-1") == 0.5
    assert one.probability("c", "x-1") == 0
    assert one.lucky("a") == {"x-1"}
    assert one.union() == {"x-1", "x-2", "x-3"}
    assert one.curve("b") == [(0.2, 1), (0.4, 2)]
    assert one.seconds("a") == 2.0
    assert one.cheapest_cover() == ["b", "a"]
    assert one.best_pair() == (("a", "b"), {"x-1", "x-2", "x-3"})


def test_a_strategy_that_finds_nothing_is_not_the_fastest_of_a_pair() -> None:
    hunts = [Hunt("a", "x-1", 1, "FOUND", 9.0), Hunt("b", "x-1", 1, "FOUND", 5.0)]

    pair, _ = Scoreboard([Hunt("none", "x-1", 1, "MISSED", 0.1), *hunts]).best_pair()

    assert pair == ("a", "b")


def test_a_pair_needs_two() -> None:
    with pytest.raises(ValueError, match="two strategies"):
        Scoreboard([Hunt("a", "x", 1, "FOUND", 1.0)]).best_pair()
    assert Scoreboard().cheapest_cover() == []
    assert Scoreboard([Hunt("a", "x", 1, "MISSED", 1.0)]).seconds("a") == 0


def test_a_shootout_keeps_the_score() -> None:
    hunters = [strategies.HappyPath(), strategies.EdgeTable()]

    program = corpus.find("money_split")
    result = Scoreboard(list(shootout.hunts([program], hunters, seeds=[1, 2])))

    assert len(result.hunts) == 10
    assert result.found("happy_path") == {"money_split-1"}
    assert result.found("happy_path") < result.found("edge_table")


@pytest.mark.parametrize(
    ("hunter", "words"),
    [(Sleepy(), "still running"), (Sleepy(dies=True), "the process died")],
)
def test_a_hang_and_a_death_count_as_found_and_the_next_hunt_goes_on(
    hunter: Sleepy, words: str
) -> None:
    lane = shootout.Lane()
    try:
        budget_s = 10.0 if hunter.dies else 0.1
        outcome, found, _ = lane.do(("semver_sort", "semver_sort-1", hunter, 1, budget_s))
        after, nothing, _ = lane.do(("semver_sort", "", strategies.HappyPath(), 1, 60.0))
    finally:
        lane.close()

    assert outcome == ("FOUND" if hunter.dies else "HANG")
    assert found is not None
    assert words in found.exception
    assert (after, nothing) == ("MISSED", None)


def test_the_happy_path_ends_on_every_bug_also_in_this_process() -> None:
    ended = [
        shootout.hunt_once((bug.program, bug.id, strategies.HappyPath(), 1, 5.0))
        for bug in corpus.bugs()
    ]

    assert 0 < sum(one is not None for one in ended) < len(ended)


def test_an_alarm_at_a_reference_ends_the_shootout() -> None:
    with pytest.raises(FalseAlarm, match="sleepy on pager: HANG"):
        next(shootout.hunts([corpus.find("pager")], [Sleepy(clean=False)], seeds=[1], budget_s=0.1))


def test_a_hunt_that_is_broken_off_leaves_no_process() -> None:
    hunt = shootout.hunts([corpus.find("pager")], [strategies.HappyPath()], seeds=[1])
    next(hunt)
    (child,) = multiprocessing.active_children()
    assert child.daemon  # ends with its parent
    hunt.close()

    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(("options", "word"), [({"budget_s": 0}, "time"), ({"seeds": []}, "seeds")])
def test_empty_shootouts_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        next(shootout.hunts([], [], **{"seeds": [1], **options}))


def test_the_child_answers_until_it_is_told_to_stop() -> None:
    class Ends:
        def __init__(self) -> None:
            self.jobs: list[Any] = [("pager", "pager-2", strategies.HappyPath(), 1, 5.0), None]
            self.sent: list[Any] = []

        def recv(self) -> Any:
            return self.jobs.pop(0)

        def send(self, what: Any) -> None:
            self.sent.append(what)

    ends = Ends()
    shootout.serve(ends)  # type: ignore[arg-type]

    assert ends.sent[0] == "ready"
    assert ends.sent[1].strategy == "happy_path"
