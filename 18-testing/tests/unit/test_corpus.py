"""The corpus: each bug is observable, each program passes what its kit says."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from velvet_testing import corpus, strategies
from velvet_testing.corpus import Bug, BugKind, CorpusError, Edit, Program
from velvet_testing.samples.bugs import MORE_OF_TTL_LRU

EVERY = (*corpus.bugs(), *MORE_OF_TTL_LRU)
PROGRAMS = corpus.programs()


def test_there_are_five_bugs_in_each_of_twelve_programs_and_three_of_every_kind() -> None:
    counts = Counter(bug.program for bug in corpus.bugs())
    kinds = Counter(bug.kind for bug in corpus.bugs())

    assert len(PROGRAMS) == 12
    assert set(counts.values()) == {5}
    assert set(counts) == {program.name for program in PROGRAMS}
    assert len({bug.id for bug in EVERY}) == 63
    assert all(kinds[kind] >= 3 for kind in BugKind)


@pytest.mark.parametrize("bug", EVERY, ids=lambda bug: bug.id)
def test_a_witness_passes_on_the_reference_and_fails_on_its_bug(bug: Bug) -> None:
    program = corpus.find(bug.program)
    module = corpus.load(bug.program, bug.id)

    bug.witness(program.module())
    with pytest.raises(Exception):  # noqa: B017, PT011 - a bug may break a program in any way
        bug.witness(module)
    assert ast.dump(ast.parse(corpus.apply(program.source, bug))) != ast.dump(
        ast.parse(program.source)
    )
    assert bug.provenance


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_strategy_raises_an_alarm_at_a_reference(program: Program) -> None:
    for strategy in strategies.strategies(max_examples=25):
        if not strategy.supports(program):
            continue
        for seed in (1, 2, 3) if strategy.seeded else (1,):
            found = strategy.hunt(program.module(), program, budget_s=5, seed=seed)
            assert found is None, found


@pytest.mark.parametrize("old", ["not there", "self"])
def test_an_edit_that_does_not_fit_names_the_bug_and_the_count(old: str) -> None:
    bug = Bug("x-1", "ttl_lru", BugKind.TYPO, (Edit(old, ""),), "", "True")

    with pytest.raises(CorpusError, match=r"bug x-1: .* occurs \d+ times, not once"):
        corpus.apply(corpus.find("ttl_lru").source, bug)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(CorpusError, match="choose one of async_pool"):
        corpus.find("nothing")
    with pytest.raises(CorpusError, match="unknown bug"):
        corpus.find_bug("money_split-99")


def test_a_loaded_module_is_fresh_and_its_tracebacks_show_the_edited_line() -> None:
    first, second = corpus.load("money_split"), corpus.load("money_split")
    broken = corpus.load("money_split", "money_split-3")

    assert first is not second
    assert broken.__file__ == "<money_split-3>"
    import linecache

    assert "total * weights[i] % whole, i" in "".join(linecache.getlines("<money_split-3>"))
