"""The fuzzer, its mutators and its minimiser; the probe beside coverage.py."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import Any

import coverage
import pytest

from velvet_testing import corpus
from velvet_testing.corpus import Program
from velvet_testing.coverage_probe import BACKENDS, TOOL_ID, EdgeCollector, ProbeBusy
from velvet_testing.fuzz import CoverageGuidedFuzzer, minimise, mutate

HEADER = """
def parse(data):
    if data[:1] == b"V":
        if data[1:2] == b"L":
            if data[2:3] == b"V":
                raise KeyError("deep")
    if not data:
        raise ValueError("empty")
    return len(data)
"""


def header() -> Any:
    return corpus.compile_module(HEADER, "header", "<header>")


def fuzzer(seed: int, *, guided: bool) -> CoverageGuidedFuzzer:
    files = ["<header>"] if guided else []
    parse = header().parse
    return CoverageGuidedFuzzer(parse, [b"...."], Random(seed), files=files, allowed=(ValueError,))


def test_guided_is_there_long_before_blind() -> None:
    guided = fuzzer(1, guided=True).run(40_000, 60)
    blind = fuzzer(1, guided=False).run(guided.executions, 60)

    assert isinstance(guided.error, KeyError)
    assert guided.crash == b"VLV"
    assert blind.error is None
    assert [edges for _, edges in guided.growth] == sorted(edges for _, edges in guided.growth)
    assert len(guided.growth) == len(guided.corpus)
    assert guided.growth[0][0] == 1


def test_the_same_seed_takes_the_same_way() -> None:
    first, second = (fuzzer(5, guided=True).run(300, 60) for _ in range(2))

    assert first.corpus == second.corpus
    assert first.growth == second.growth


def test_a_fuzzer_needs_a_seed() -> None:
    with pytest.raises(ValueError, match="at least one seed"):
        CoverageGuidedFuzzer(len, [], Random(1))


@pytest.mark.parametrize("value", [0, "a", "", b"", b"ab", [], [1, "x"], (), (1, [2])])
def test_a_mutation_keeps_the_type(value: Any) -> None:
    rng = Random(7)
    for _ in range(50):
        assert type(mutate(value, rng)) is type(value)


def test_a_mutation_inserts_leaves_out_repeats_or_replaces() -> None:
    found = {mutate("abc", Random(seed)) for seed in range(500)}

    assert {one for one in found if len(one) == 2} == {"ab", "ac", "bc"}
    assert {len(one) for one in found} == {2, 3, 4, 5, 6}
    repeated = {"aabc", "ababc", "abcabc", "abbc", "abcbc", "abcc"}
    assert repeated <= found
    longer = {one for one in found if len(one) > 3} - repeated
    assert {len(one) for one in longer} == {4}
    assert {next(iter(mutate((1, 2), Random(seed)))) == 1 for seed in range(20)} == {True, False}


def test_a_whole_number_is_tried_at_the_ends_of_its_types() -> None:
    found = {mutate(5, Random(seed)) for seed in range(1000)}

    assert found >= {4, 6, -11, 21, -5, 10}
    assert found >= {-1, 0, 127, 128, 255, 256, 2**31 - 1, 2**31, 2**63}


def test_an_empty_list_gets_a_nought() -> None:
    assert {tuple(mutate([], Random(seed))) for seed in range(20)} == {(0,)}
    assert {mutate((), Random(seed)) for seed in range(20)} == {()}


def test_what_is_unknown_stays_as_it_is() -> None:
    thing = object()

    assert mutate(thing, Random(1)) is thing
    assert minimise(12, lambda value: True) == 12


def lines_run(program: Program, backend: str, *, once: bool = False) -> set[int]:
    """Return the lines that the happy path of a program runs, its import included."""
    code = compile(program.source, program.filename, "exec")
    names: dict[str, Any] = {"__name__": "traced"}

    def run() -> None:
        exec(code, names)
        module = type(sys)("traced")
        vars(module).update(names)
        program.kit.hold(module, program.kit.happy)

    edges, _ = EdgeCollector([program.filename], backend=backend, once=once).collect(run)
    return {line for _, line in edges}


@pytest.mark.parametrize("program", corpus.programs(), ids=lambda program: program.name)
def test_backends_and_coverage_see_the_same_lines(program: Program, tmp_path: Path) -> None:
    sets = [lines_run(program, backend) for backend in BACKENDS]
    before = sys.gettrace()
    sys.settrace(None)
    measured = coverage.Coverage(data_file=None, config_file=False, include=[program.filename])
    measured.start()
    try:
        code = compile(program.source, program.filename, "exec")
        names: dict[str, Any] = {"__name__": "traced"}
        exec(code, names)
        module = type(sys)("traced")
        vars(module).update(names)
        program.kit.hold(module, program.kit.happy)
    finally:
        measured.stop()
        sys.settrace(before)
    executed = set(measured.get_data().lines(program.filename) or [])

    assert all(one == sets[0] for one in sets)
    # The probe also reports what coverage.py folds away: docstrings and the head of a statement.
    assert executed <= sets[0]
    assert {line for line in sets[0] - executed if line > 1} <= docstrings(program.source)


def docstrings(source: str) -> set[int]:
    import ast

    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


@pytest.mark.skipif(len(BACKENDS) < 2, reason="sys.monitoring came with Python 3.12")
def test_switching_lines_off_keeps_the_set_and_a_taken_id_is_refused() -> None:
    program = corpus.find("pager")
    assert lines_run(program, "monitoring", once=True) == lines_run(program, "monitoring")

    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    monitoring.use_tool_id(TOOL_ID, "another tool")
    try:
        with pytest.raises(ProbeBusy, match="another tool"):
            lines_run(program, "monitoring")
    finally:
        monitoring.free_tool_id(TOOL_ID)


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match="this Python has"):
        EdgeCollector([], backend="magic")


def test_what_the_call_raises_comes_back() -> None:
    _, error = EdgeCollector(["<header>"], backend="settrace").collect(header().parse, b"VLV")

    assert isinstance(error, KeyError)
