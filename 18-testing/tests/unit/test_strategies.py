"""Each strategy finds what it is good at, and the same with the same seed."""

from __future__ import annotations

import pytest

from velvet_testing import corpus, strategies

GOOD_AT = {
    "happy_path": "money_split-1",
    "edge_table": "interval_set-2",
    "random_crash": "interval_set-1",
    "coverage_fuzz": "csv_codec-1",
    "property": "money_split-2",
    "stateful": "interval_set-4",
    "differential": "money_split-3",
    "metamorphic": "slug_wrap-1",
    "snapshot": "semver_sort-5",
    "contract": "token_bucket-2",
    "fault_injection": "ledger-1",
    "schedule_explorer": "async_pool-2",
}


@pytest.mark.parametrize(("name", "bug"), GOOD_AT.items())
def test_a_strategy_finds_a_bug_of_its_class_twice_the_same(name: str, bug: str) -> None:
    program = corpus.find(corpus.find_bug(bug).program)
    hunter = strategies.by_name(name)

    if name == "random_crash":  # a crash is all that it sees
        module = program.module()
        module.IntervalSet.add = lambda self, lo, hi: 1 // (hi - lo - 1)
        again = program.module()
        again.IntervalSet.add = module.IntervalSet.add
    else:
        module, again = program.module(corpus.find_bug(bug)), program.module(corpus.find_bug(bug))
    first = hunter.hunt(module, program, budget_s=20, seed=3)
    second = hunter.hunt(again, program, budget_s=20, seed=3)

    assert first is not None
    assert second is not None
    assert first.strategy == name
    assert first.executions >= 1
    assert (first.counterexample, first.executions) == (second.counterexample, second.executions)


@pytest.mark.parametrize("name", ["happy_path", "edge_table", "contract", "snapshot"])
def test_a_finding_counts_the_rows_up_to_the_one_that_fails(name: str) -> None:
    hunter = strategies.by_name(name)
    program = corpus.find(corpus.find_bug(GOOD_AT[name]).program)

    found = hunter.hunt(corpus.load(program.name, GOOD_AT[name]), program, budget_s=20, seed=1)

    assert found is not None
    rows = getattr(program.kit, hunter.needs[0])  # type: ignore[attr-defined]
    assert rows[found.executions - 1] == found.counterexample
    assert 0 <= found.seconds < 20


def test_a_state_machine_prints_the_shortest_program_that_fails() -> None:
    program = corpus.find("ttl_lru")

    found = strategies.Stateful().hunt(
        corpus.load("ttl_lru", "ttl_lru-1"), program, budget_s=30, seed=1
    )

    assert found is not None
    assert found.shrunk
    assert found.counterexample.splitlines()[-1].startswith(("get(", "delete(", "size("))
    assert len(found.counterexample.splitlines()) <= 4


def test_there_are_twelve_and_an_unknown_one_is_refused() -> None:
    assert [one.name for one in strategies.strategies()] == list(GOOD_AT)
    with pytest.raises(ValueError, match="choose one of happy_path"):
        strategies.by_name("luck")


def test_a_spent_budget_ends_a_hunt() -> None:
    program = corpus.find("ttl_lru")

    for name in ("property", "stateful"):
        hunter = strategies.by_name(name, max_examples=20)
        assert hunter.hunt(program.module(), program, budget_s=1e-9, seed=1) is None


def test_a_strategy_that_lacks_its_material_says_so() -> None:
    pager = corpus.find("pager")

    assert not strategies.FaultInjection().supports(pager)
    assert not strategies.ScheduleExplorer().supports(pager)
    assert not strategies.Differential().supports(corpus.find("ledger"))
