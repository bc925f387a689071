"""What holds for every package, lock, graph and script that Hypothesis comes up with."""

from __future__ import annotations

import io
import itertools
import re
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from velvet_environments.conflicts import minimal_core, satisfiable, verify
from velvet_environments.depgraph import DependencyGraph
from velvet_environments.localindex import LocalIndex
from velvet_environments.resolve import (
    BacktrackingResolver,
    Conflict,
    GreedyResolver,
    Source,
)
from velvet_environments.samples.graphs import Scenario
from velvet_environments.script import ScriptMeta, read, write
from velvet_environments.target import Target
from velvet_environments.wheelsmith import PackageSpec, build_wheel, normalize

LINUX = Target("3.12", "linux")
FAST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
words = st.text("abXyz09", min_size=1, max_size=4)
names = st.builds("{}{}{}".format, words, st.sampled_from(["-", "_", ".", "--"]), words)
versions = st.builds("{}.{}".format, st.integers(0, 20), st.integers(0, 20))


@given(names)
def test_a_normalized_name_stays_as_it_is(name: str) -> None:
    assert normalize(normalize(name)) == normalize(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", normalize(name))


@given(names, versions, st.integers(0, 3), st.integers(0, 300))
@FAST
def test_a_wheel_is_a_function_of_its_specification(
    name: str, version: str, files: int, payload: int
) -> None:
    spec = PackageSpec(name, version, files=files, payload_bytes=payload)
    one, two = build_wheel(spec), build_wheel(spec)

    assert one.data == two.data
    with zipfile.ZipFile(io.BytesIO(one.data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == files + 4


@given(st.lists(versions, min_size=1, max_size=5, unique=True))
@FAST
def test_html_and_json_list_the_same_files(given: list[str]) -> None:
    index = LocalIndex(PackageSpec("demo", version) for version in given)

    listed = [one["filename"] for one in index.project_json("demo")["files"]]
    assert re.findall(r">(demo-[^<]+whl)<", index.project_html("demo")) == listed


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Up to five projects of up to three releases, bounded at random, cycles included."""
    projects = [f"n{number}" for number in range(draw(st.integers(1, 5)))]
    bound = st.sampled_from(["", "<2", ">=2", "==1", "==3", "!=2"])
    wish = st.builds(lambda name, told: name + told, st.sampled_from(projects), bound)
    packages = [
        PackageSpec(project, str(version), tuple(draw(st.lists(wish, max_size=2))), files=0)
        for project in projects
        for version in range(1, draw(st.integers(1, 3)) + 1)
    ]
    roots = draw(st.lists(wish, min_size=1, max_size=3))
    return Scenario("random", tuple(packages), tuple(roots))


def brute_force(scenario: Scenario) -> bool:
    """Try every choice of one release, or none, for each project."""
    releases: dict[str, list[PackageSpec | None]] = {}
    for spec in scenario.packages:
        releases.setdefault(spec.key, [None]).append(spec)

    def fits(chosen: dict[str, PackageSpec | None], text: str) -> bool:
        wanted = Requirement(text)
        spec = chosen.get(wanted.name)
        return spec is not None and wanted.specifier.contains(spec.version)

    for some in itertools.product(*releases.values()):
        chosen = dict(zip(releases, some, strict=True))
        texts = [*scenario.root_requires, *(t for spec in some if spec for t in spec.requires)]
        if all(fits(chosen, text) for text in texts):
            return True
    return False


@given(scenarios())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_resolver_agrees_with_brute_force(scenario: Scenario) -> None:
    possible = brute_force(scenario)
    source = Source(scenario.packages, LINUX)
    if not possible:
        with pytest.raises(Conflict) as told:
            BacktrackingResolver().resolve(scenario.root_requires, source)
        assert told.value.causes
        return
    found = BacktrackingResolver().resolve(scenario.root_requires, source)
    assert verify(found, scenario, LINUX) == []


@given(scenarios())
@FAST
def test_greedy_is_never_better_than_backtracking(scenario: Scenario) -> None:
    try:
        found = GreedyResolver().resolve(scenario.root_requires, Source(scenario.packages, LINUX))
    except Conflict:
        return
    if verify(found, scenario, LINUX) == []:
        assert satisfiable(scenario.root_requires, scenario.packages, LINUX)


@given(scenarios())
@FAST
def test_a_core_is_unsatisfiable_and_every_part_of_it_is_not(scenario: Scenario) -> None:
    core = minimal_core(scenario.root_requires, scenario.packages, LINUX)

    assert bool(core) is not satisfiable(scenario.root_requires, scenario.packages, LINUX)
    for one in core:
        assert satisfiable([other for other in core if other != one], scenario.packages, LINUX)
    if core:
        assert not satisfiable(core, scenario.packages, LINUX)


edges = st.dictionaries(
    st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef"), max_size=3), max_size=6
)


@given(edges)
def test_layers_are_a_topological_order_of_the_condensation(given: dict[str, set[str]]) -> None:
    graph = DependencyGraph(given)
    level = {name: number for number, row in enumerate(graph.layers()) for name in row}
    home = {name: group for group in graph.components() for name in group}

    assert set(level) == set(graph.edges)
    for name, others in graph.edges.items():
        for other in others:
            same = home[name] == home[other]
            assert level[name] == level[other] if same else level[name] < level[other]
    for cycle in graph.cycles():
        assert all(cycle[0] in graph.edges[cycle[0]] or len(cycle) > 1 for _ in cycle)


@given(
    st.lists(names, max_size=3),
    st.sampled_from(["", ">=3.10"]),
    st.text(alphabet="abc #\n=", max_size=40),
)
@FAST
def test_a_script_keeps_its_block_and_its_code(wanted: list[str], python: str, code: str) -> None:
    meta = ScriptMeta(tuple(wanted), python)

    once = write(code, meta)

    assert read(once) == meta
    assert write(once, meta) == once
    assert once.endswith("\n".join(code.splitlines()) + "\n") or not code.strip()
