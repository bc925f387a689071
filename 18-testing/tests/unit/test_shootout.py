"""The scoreboard, and the child that hunts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
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
    assert one.unique("a") == {"x-1"}
    assert one.union() == {"x-1", "x-2", "x-3"}
    assert one.curve("b") == [(0.2, 1), (0.4, 2)]
    assert one.seconds("a") == 2.0
    assert one.cheapest_cover() == ["b", "a"]
    assert one.best_pair() == (("a", "b"), {"x-1", "x-2", "x-3"})
    assert Scoreboard.from_json(one.to_json()).hunts == one.hunts


def test_a_pair_needs_two() -> None:
    with pytest.raises(ValueError, match="two strategies"):
        Scoreboard([Hunt("a", "x", 1, "FOUND", 1.0)]).best_pair()
    assert Scoreboard().cheapest_cover() == []
    assert Scoreboard([Hunt("a", "x", 1, "MISSED", 1.0)]).seconds("a") == 0


def test_a_shootout_in_two_children_keeps_the_score() -> None:
    told: list[Hunt] = []
    hunters = [strategies.HappyPath(), strategies.EdgeTable()]

    result = shootout.run(
        [corpus.find("money_split")], hunters, seeds=[1, 2], workers=2, told=told.append
    )

    assert len(told) == len(result.hunts) == 10
    assert result.found("happy_path") == {"money_split-1"}
    assert result.found("happy_path") < result.found("edge_table")


def test_a_hang_and_a_death_count_as_found_and_the_next_hunt_goes_on() -> None:
    program = corpus.find("semver_sort")

    hung = shootout.run_one(program, Sleepy(), seed=1, budget_s=0.1, bug="semver_sort-1")
    dead = shootout.run_one(program, Sleepy(dies=True), seed=1, budget_s=10, bug="semver_sort-1")

    assert hung is not None
    assert hung.exception.startswith("HANG: still running")
    assert dead is not None
    assert "the process died" in dead.exception
    assert shootout.run_one(program, strategies.HappyPath(), seed=1) is None


def test_an_alarm_at_a_reference_ends_the_shootout() -> None:
    with pytest.raises(FalseAlarm, match="sleepy on pager"):
        shootout.run([corpus.find("pager")], [Sleepy(clean=False)], seeds=[1], budget_s=0.1)


def test_an_interrupted_shootout_keeps_what_it_has(tmp_path: Path) -> None:
    def stop(hunt: Hunt) -> None:
        raise KeyboardInterrupt

    saved = tmp_path / "partial.json"
    with pytest.raises(KeyboardInterrupt):
        shootout.run(
            [corpus.find("pager")], [strategies.HappyPath()], seeds=[1], told=stop, partial=saved
        )

    assert len(Scoreboard.from_json(saved.read_text("utf-8")).hunts) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [({"budget_s": 0}, "positive"), ({"seeds": []}, "seeds"), ({"workers": 0}, "workers")],
)
def test_empty_shootouts_are_refused(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        shootout.run([], [], **{"seeds": [1], **options})


def test_a_readers_function_is_hunted_in_its_own_process() -> None:
    mine = Program.from_callables("mine", abs, abs, [(1,)])

    with pytest.raises(ValueError, match=r"call strategy\.hunt"):
        shootout.run_one(mine, strategies.RandomCrash(), seed=1)


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
