"""Plans read from stored documents of two versions, and what is made of their figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_databases.explain import Node, Plan, advise, from_postgres, from_sqlite

STORED = Path(__file__).parents[1] / "plans"
VERSIONS = (15, 16)


def stored(version: int, name: str) -> Plan:
    text = (STORED / f"postgres{version}_{name}.json").read_text(encoding="utf-8")
    return from_postgres(json.loads(text))


def plan(root: Node) -> Plan:
    return Plan("postgresql", root, analyzed=True)


def rules(found: Plan, **options: Any) -> list[str]:
    return [advice.rule for advice in advise(found, **options)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "kinds", "indexes", "buffers", "advice"),
    [
        ("full_scan", ["Aggregate", "Seq Scan"], (), 286, ["seq-scan"]),
        ("bitmap", ["Limit", "Index Scan"], ("event_by",), 4, []),
        (
            "nested_loop",
            ["Nested Loop", "Function Scan", "Index Scan"],
            ("event_pkey",),
            6003,
            ["nested-loop"],
        ),
        ("sort_on_disk", ["Sort", "Seq Scan"], (), 286, ["sort-on-disk"]),
    ],
)
def test_a_stored_plan_is_read_alike_from_every_version(
    version: int,
    name: str,
    kinds: list[str],
    indexes: tuple[str, ...],
    buffers: int,
    advice: list[str],
) -> None:
    found = stored(version, name)

    assert [node.kind for node in found.nodes()] == kinds
    assert (found.indexes, found.buffers, found.analyzed) == (indexes, buffers, True)
    assert rules(found) == advice


def test_figures_per_loop_are_shown_as_totals() -> None:
    inner = list(stored(15, "nested_loop").nodes())[-1]

    assert (inner.loops, inner.actual_rows) == (2000, 1)
    assert "[2000 rows, 6003 buffers]" in inner.line


def test_a_plan_is_rendered_as_an_indented_tree() -> None:
    assert stored(15, "full_scan").render() == (
        "Aggregate [1 rows, 286 buffers]\n"
        "  -> Seq Scan on event Filter: ((status = 'open'::text) AND (customer_id = 42)) "
        "[1 rows, 286 buffers]"
    )


@pytest.mark.parametrize("document", [[], [{}], {}, [None]])
def test_what_is_no_explain_document_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="no EXPLAIN document"):
        from_postgres(document)


def test_a_plan_that_was_not_run_has_no_figures_and_gets_no_advice() -> None:
    found = from_postgres([{"Plan": {"Node Type": "Seq Scan", "Plan Rows": 1e6}}])

    assert (found.analyzed, found.root.estimate_error, advise(found)) == (False, 1.0, [])
    assert found.render() == "Seq Scan"


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_an_estimate_is_off_by_at_least_one_whichever_side_is_larger(
    guessed: float, found: float
) -> None:
    one = Node("Seq Scan", estimated_rows=guessed, actual_rows=found)
    other = Node("Seq Scan", estimated_rows=found, actual_rows=guessed)

    assert one.estimate_error == other.estimate_error >= 1


def test_a_step_that_never_ran_was_not_guessed_wrongly() -> None:
    assert Node("Seq Scan", estimated_rows=5000, actual_rows=0, loops=0).estimate_error == 1


def test_what_a_limit_cut_short_is_no_wrong_estimate() -> None:
    scan = Node("Index Scan", "event", "event_pkey", estimated_rows=50_000, actual_rows=20)

    assert rules(plan(Node("Limit", children=(scan,)))) == []
    assert rules(plan(scan)) == ["estimate"]


def test_a_sort_below_a_limit_takes_all_its_rows_and_is_judged() -> None:
    scan = Node("Seq Scan", "event", estimated_rows=50_000, actual_rows=20)
    sort = Node("Sort", children=(scan,))

    assert scan.estimate_error == 2500
    assert rules(plan(Node("Limit", children=(sort,)))) == ["estimate"]


@pytest.mark.parametrize(("removed", "noticed"), [(9_000, False), (9_999, True), (500_000, True)])
def test_a_scan_is_worth_a_word_from_ten_thousand_rows(removed: int, noticed: bool) -> None:
    scan = Node("Parallel Seq Scan", "event", actual_rows=1, removed=removed)

    assert (rules(plan(scan)) == ["seq-scan"]) is noticed


def test_a_scan_that_keeps_most_rows_is_what_it_should_be() -> None:
    assert rules(plan(Node("Seq Scan", "event", actual_rows=90_000, removed=10_000))) == []


def test_a_far_offset_is_noticed_and_a_near_one_is_not() -> None:
    def page(offset: int) -> Plan:
        scan = Node("Index Scan", actual_rows=offset + 20)
        return plan(Node("Limit", actual_rows=20, children=(scan,)))

    assert rules(page(150_000)) == ["offset"]
    assert rules(page(100)) == []
    assert rules(plan(Node("Limit", actual_rows=0))) == []


def test_a_function_on_an_indexed_column_is_named_with_the_index_that_helps() -> None:
    scan = Node("Seq Scan", "customer", condition="Filter: (lower((email)::text) = 'x'::text)")
    indexed = {"customer": {"email"}}

    (found,) = advise(plan(scan), indexed)

    assert found.rule == "function"
    assert "index the expression lower(email)" in found.evidence
    assert rules(plan(scan), indexed={"customer": {"name"}}) == []
    assert rules(plan(Node("Index Scan", "customer")), indexed=indexed) == []


def test_one_step_of_sqlite_is_the_whole_plan() -> None:
    found = from_sqlite([(3, 0, 0, "SEARCH event USING COVERING INDEX event_by (customer_id=?)")])

    root = found.root
    assert (root.kind, root.relation, root.index) == ("SEARCH", "event", "event_by")
    assert root.condition == "(customer_id=?)"
    assert advise(found) == []


def test_several_steps_of_sqlite_hang_under_one_root() -> None:
    found = from_sqlite(
        [
            (2, 0, 0, "CO-ROUTINE page"),
            (5, 2, 0, "SCAN event"),
            (9, 0, 0, "USE TEMP B-TREE FOR ORDER BY"),
        ]
    )

    assert found.render() == (
        "QUERY PLAN\n"
        "  -> CO-ROUTINE page\n"
        "    -> SCAN on event\n"
        "  -> USE TEMP B-TREE FOR ORDER BY"
    )
