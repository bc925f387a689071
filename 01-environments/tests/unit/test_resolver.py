"""Both resolvers on graphs whose answer is known, and a conflict that names its culprits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from velvet_environments.conflicts import minimal_core, verify
from velvet_environments.errors import BadSpec, TooDeep
from velvet_environments.resolve import (
    BacktrackingResolver,
    Conflict,
    GreedyResolver,
    Resolution,
    Source,
    resolve,
)
from velvet_environments.samples import graphs
from velvet_environments.samples.graphs import Scenario
from velvet_environments.target import Target
from velvet_environments.wheelsmith import PackageSpec

LINUX = Target("3.12", "linux")
PRERELEASES = Scenario(
    "prereleases",
    (
        PackageSpec("stable", "1.0"),
        PackageSpec("stable", "2.0rc1"),
        PackageSpec("early", "0.1b1"),
    ),
    ("stable", "early"),
    expected={"stable": "1.0", "early": "0.1b1"},
)
KNOWN = [
    graphs.staircase(12),
    graphs.generations(6, 4),
    PRERELEASES,
    graphs.yanked(),
    graphs.extras_cycle(),
]


CIRCLE = Scenario(  # n0 2 is tried first; when it is taken back, n1 requires itself alone
    "circle",
    (
        PackageSpec("n0", "1"),
        PackageSpec("n0", "2", requires=("n0<2", "n1")),
        PackageSpec("n1", "1", requires=("n1",)),
    ),
    ("n0",),
    expected={"n0": "1"},
)
KNOWN.append(CIRCLE)
HALVES = {"a": ("x",), "b": ("y",)}
EXTRAS = Scenario(  # both extras are of one release, and a third bound holds for it, too
    "extras of one release",
    (
        PackageSpec("p", "1", extras=HALVES),
        PackageSpec("p", "2", extras=HALVES),
        PackageSpec("q", "1", requires=("p[b]",)),
        PackageSpec("r", "1", requires=("p<2",)),
        PackageSpec("x", "1"),
        PackageSpec("y", "1"),
    ),
    ("p[a]", "q", "r"),
    expected={"p": "1", "q": "1", "r": "1", "x": "1", "y": "1"},
)
KNOWN.append(EXTRAS)


def backtracking(scenario: Scenario, target: Target = LINUX, **options: int) -> Resolution:
    source = Source(scenario.packages, target)
    return BacktrackingResolver().resolve(scenario.root_requires, source, **options)


def greedy(scenario: Scenario) -> Resolution:
    return GreedyResolver().resolve(scenario.root_requires, Source(scenario.packages, LINUX))


@pytest.mark.parametrize("scenario", KNOWN, ids=lambda one: one.name)
def test_backtracking_finds_the_known_answer(scenario: Scenario) -> None:
    found = backtracking(scenario)

    assert dict(found.pins) == scenario.expected
    assert verify(found, scenario, LINUX) == []


def test_greedy_gathers_the_extras_of_a_release() -> None:
    scenario = Scenario("", EXTRAS.packages, ("p[a]", "q"), expected={})

    assert greedy(scenario).pins == {"p": "2", "q": "1", "x": "1", "y": "1"}


def test_greedy_is_broken_where_backtracking_walks_back() -> None:
    scenario = Scenario(
        "late bound",
        (
            PackageSpec("a", "1", requires=("c",)),
            PackageSpec("b", "1", requires=("c<2",)),
            PackageSpec("c", "1"),
            PackageSpec("c", "2"),
        ),
        ("a", "b"),
    )

    assert verify(greedy(scenario), scenario, LINUX) == ["b 1 requires c<2: 2 was chosen"]
    assert backtracking(scenario).pins["c"] == "1"


def test_a_staircase_is_walked_down_step_by_step() -> None:
    found = backtracking(graphs.staircase(12))

    assert found.backtracks == 11
    assert found.metadata_reads == 13
    assert {step.kind for step in found.steps} == {"pin", "reject"}


def test_the_target_decides_and_not_this_machine() -> None:
    scenario = graphs.platform_split()

    assert "only-windows" in backtracking(scenario, Target("3.12", "win32")).pins
    assert "only-old" in backtracking(scenario, Target("3.10", "linux")).pins
    assert len(resolve(scenario).pins) >= 3
    bound = (PackageSpec("a", "2", tag="cp312-cp312-win_amd64"), PackageSpec("a", "1"),
             PackageSpec("a", "3", requires_python=">=3.99"))  # fmt: skip
    split = Scenario("tags", bound, ("a; sys_platform != 'darwin'",))
    assert backtracking(split, LINUX).pins == {"a": "1"}
    assert backtracking(split, Target("3.12", "win32")).pins == {"a": "2"}
    assert backtracking(split, Target("3.12", "darwin")).pins == {}
    source = Source(bound, Target("3.12", "darwin"))
    assert GreedyResolver().resolve(split.root_requires, source).pins == {}


def test_a_conflict_names_both_parents_and_the_shared_project() -> None:
    with pytest.raises(Conflict) as told:
        backtracking(graphs.diamond())

    for name in ("d-left 1.0", "d-right 1.0", "d-base"):
        assert name in told.value.explain()
    with pytest.raises(Conflict, match="the project requires nowhere, and no release"):
        greedy(Scenario("empty", (), ("nowhere",)))
    with pytest.raises(Conflict, match="nowhere"):
        backtracking(Scenario("empty", (), ("nowhere",)))


def test_the_core_of_a_conflict_is_the_smallest() -> None:
    diamond = graphs.diamond()
    three = (
        *(PackageSpec(n, "1", requires=(f"base!={k}",)) for n, k in (("x", 1), ("y", 2), ("z", 3))),
        *(PackageSpec("base", str(n)) for n in (1, 2, 3)),
        PackageSpec("free", "1"),
    )

    assert minimal_core(diamond.root_requires, diamond.packages) == ["d-left", "d-right"]
    assert minimal_core(["free", "x", "y", "z"], three) == ["x", "y", "z"]
    assert minimal_core(["free", "absent"], three) == ["absent"]
    assert minimal_core(["x", "y"], three) == []


def test_a_resolver_gives_up_where_it_is_told_to() -> None:
    with pytest.raises(TooDeep, match="raise max_rounds"):
        backtracking(graphs.generations(6, 4), max_rounds=3)
    with pytest.raises(BadSpec, match="invalid requirement: foo >> 1"):
        backtracking(Scenario("bad", (), ("foo >> 1",)))


def test_the_judge_sees_each_kind_of_mistake() -> None:
    packages = (
        PackageSpec("a", "1", requires=("b>=2",)),
        PackageSpec("b", "1"),
        PackageSpec("w", "1", tag="cp312-cp312-win_amd64", requires_python=">=3.99"),
    )
    scenario = Scenario("judge", packages, ("a", "absent", "lost", "w", "a"))
    told = Resolution({"a": "1", "b": "1", "w": "1", "c": "9"}, {}, (), 0, 0)
    ghost = Resolution({"a": "7", "absent": "1", "w": "1"}, {}, (), 0, 0)

    assert verify(told, scenario, LINUX) == [
        "a 1 requires b>=2: 1 was chosen",
        "the project requires lost: nothing was chosen",
        "the project requires absent: nothing was chosen",
        "w 1 needs Python >=3.99",
        "w 1 has no file for linux",
        "c 9 was chosen and nothing needs it",
    ]
    assert verify(ghost, scenario, LINUX) == [
        "a 7 does not exist",
        "the project requires lost: nothing was chosen",
        "absent 1 does not exist",
        "w 1 needs Python >=3.99",
        "w 1 has no file for linux",
    ]


def scenario_of(name: str, given: dict[str, Any]) -> Scenario:
    """Read the form in which resolvers exchange their regressions."""
    packages = tuple(
        PackageSpec(
            project,
            version,
            requires=tuple(about.get("requires", ())),
            extras={key: tuple(texts) for key, texts in about.get("extras", {}).items()},
            requires_python=about.get("requires_python"),
            yanked=about.get("yanked", False),
        )
        for project, one in given["packages"].items()
        for version, about in one["versions"].items()
    )
    return Scenario(name, packages, tuple(given["root"]["requires"]))


SCENARIOS = json.loads(
    (Path(__file__).parents[1] / "data" / "scenarios.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_regressions_of_resolvers_have_their_known_answers(name: str) -> None:
    scenario, told = scenario_of(name, SCENARIOS[name]), SCENARIOS[name]["expected"]
    if told.get("satisfiable", True):
        assert dict(backtracking(scenario).pins) == told["packages"]
        return
    with pytest.raises(Conflict):
        backtracking(scenario)


def test_graphs_are_the_same_for_a_seed_and_another_for_another() -> None:
    assert graphs.random_constrained(9, seed=3) == graphs.random_constrained(9, seed=3)
    assert graphs.random_constrained(9, seed=3) != graphs.random_constrained(9, seed=4)
    assert len(backtracking(graphs.layered(61, 4)).pins) == 41
    assert len(graphs.flat(7).packages) == 7
