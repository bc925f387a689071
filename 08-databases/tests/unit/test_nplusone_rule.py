"""The rule itself, with rows that no mapper made."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
import weakref
from contextvars import copy_context
from typing import Any

import pytest

from velvet_databases.nplusone import Detector, NPlusOne, NPlusOneDetected, NPlusOneWarning, hooks
from velvet_databases.nplusone.hooks import Hop, Marks, Peers
from velvet_databases.sqlcapture import Origin


class Row:
    """Compares equal to every other row and cannot be hashed, as objects of mappers may."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row)


def load(row: Row, relation: str = "Order.lines") -> Peers | None:
    hop = Hop(relation, Row, relation.partition(".")[2], many=True)
    how = {"fix": lambda: ".fix()", "sql": lambda: "select 1 where a = 7"}
    return hooks.lazy_load(row, hooks.Load("fake", hop, **how))


def result(size: int) -> list[Row]:
    """Give some rows of one result, marked as such."""
    rows, peers = [Row() for _ in range(size)], Peers()
    for row in rows:
        hooks.mark(row, peers)
    return rows


def test_the_finding_says_what_where_how_often_and_what_to_do() -> None:
    with Detector() as detector:
        for row in result(5):
            load(row)

    (finding,) = detector.findings
    assert (finding.relation, finding.loads, finding.parents) == ("Order.lines", 5, 5)
    assert finding.fingerprint == "SELECT ? WHERE a = ?"
    assert finding.origin.function == "load"
    assert str(finding) == f"Order.lines: 5 loads at {finding.origin}; fix: .fix()"


@pytest.mark.parametrize(("threshold", "found"), [(2, 1), (3, 1), (4, 0)])
def test_as_many_objects_as_the_threshold_make_a_finding(threshold: int, found: int) -> None:
    with Detector(threshold) as detector:
        for row in result(10)[:3]:
            load(row)

    assert len(detector.findings) == found


def test_one_object_that_loads_again_and_again_is_no_n_plus_one() -> None:
    with Detector() as detector:
        row, _ = result(2)
        for _ in range(5):
            load(row)

    assert detector.findings == []


def test_repeated_loads_count_as_statements_and_not_as_parents() -> None:
    with Detector() as detector:
        for row in result(3) * 2:
            load(row)

    assert [(one.loads, one.parents) for one in detector.findings] == [(6, 3)]


def test_objects_of_different_results_are_no_peers() -> None:
    with Detector() as detector:
        for row in (result(2)[0], result(2)[0], Row()):
            load(row)

    assert detector.findings == []


def test_several_results_that_meet_at_one_line_are_one_finding() -> None:
    with Detector() as detector:
        for _ in range(3):
            for row in result(4):
                load(row)

    assert [(one.loads, one.parents) for one in detector.findings] == [(12, 12)]


def test_what_one_row_each_leads_to_is_a_result_too() -> None:
    with Detector() as detector:
        for row in result(3):
            lines = load(row)
            assert lines is not None
            line = Row()
            hooks.mark(line, lines)
            load(line, "Line.product")

    assert {one.relation: one.loads for one in detector.findings} == {
        "Order.lines": 3,
        "Line.product": 3,
    }


def test_relations_that_are_ignored_are_let_pass() -> None:
    with Detector(mode="raise", ignore=["Order.*"]) as detector:
        for row in result(3):
            load(row)
        with pytest.raises(NPlusOneDetected, match=r"Line\.product: 2 loads"):
            [load(row, "Line.product") for row in result(3)]

    assert [one.relation for one in detector.findings] == ["Line.product"]


def test_a_warning_is_issued_once_for_a_finding_and_at_its_line() -> None:
    with warnings.catch_warnings(record=True) as caught, Detector(mode="warn") as detector:
        warnings.simplefilter("always")
        for row in result(4) + result(4):
            load(row)

    (warning,) = caught
    (finding,) = detector.findings
    assert warning.category is NPlusOneWarning
    assert (warning.filename, warning.lineno) == (finding.origin.file, finding.origin.line)
    assert str(warning.message).startswith("Order.lines: 2 loads at ")


def test_it_decorates_functions_and_coroutine_functions() -> None:
    detector = Detector()

    @detector
    def page(size: int) -> str:
        """Show a page."""
        for row in result(size):
            load(row)
        return "shown"

    @detector
    async def task(size: int) -> str:
        await asyncio.sleep(0)
        return page.__wrapped__(size)  # type: ignore[attr-defined,no-any-return]

    shown = [page(2), asyncio.run(task(3))]

    assert shown == ["shown", "shown"]
    assert page.__doc__ == "Show a page."
    assert [one.loads for one in detector.findings] == [5]


def test_a_closed_detector_sees_nothing_in_contexts_copied_while_it_was_open() -> None:
    def page() -> None:
        for row in result(3):
            load(row)

    with Detector(mode="raise") as closed:
        copied = copy_context()
    with Detector() as opened:
        both = copy_context()
        copied.run(page)
        both.run(page)
        with closed:  # open again, in another context
            copied.run(page)

    assert closed.findings == []
    assert [one.loads for one in opened.findings] == [3]


def test_a_detector_that_is_left_in_another_context_is_left() -> None:
    detector = Detector(mode="raise")
    entered = copy_context()
    entered.run(detector.__enter__)

    detector.__exit__(None, None, None)

    with Detector():
        entered.run(lambda: [load(row) for row in result(3)])
    assert detector.findings == []


def test_detectors_may_be_nested_and_entered_again() -> None:
    outer, inner = Detector(), Detector()

    with outer, outer, inner:
        rows = result(2)
        load(rows[0])
    after = len(hooks.marks)
    with outer:
        for row in result(2):
            load(row)

    assert after == 0
    assert inner.findings == []
    assert [one.loads for one in outer.findings] == [2]


def test_a_detector_sees_its_own_thread_only_unless_it_looks_everywhere() -> None:
    def page() -> None:
        for row in result(3):
            load(row)

    with Detector() as here, Detector(everywhere=True) as everywhere:
        thread = threading.Thread(target=page)
        thread.start()
        thread.join()

    assert here.findings == []
    assert [one.loads for one in everywhere.findings] == [3]


def test_two_tasks_that_share_a_result_are_not_added_up() -> None:
    async def main() -> None:
        async def one(row: Row) -> None:
            load(row)

        await asyncio.gather(*(one(row) for row in rows))

    with Detector() as detector:
        rows = result(5)
        asyncio.run(main())

    assert detector.findings == []


def test_counts_of_results_that_are_gone_are_gone() -> None:
    with Detector() as detector:
        row, _ = result(2)
        load(row)
        peers = weakref.ref(hooks.marks.of(row).peers)  # type: ignore[union-attr]
        del row, _
        gc.collect()

        assert peers() is None
        assert len(hooks.marks) == 0
    assert detector.findings == []


def test_a_mark_is_not_inherited_by_an_object_at_the_same_address() -> None:
    marks, peers = Marks(), Peers()
    addresses = set()
    for _ in range(50):
        row = Row()
        known = marks.of(row)
        marks.add(row, peers)
        addresses.add(id(row))
        del row

        assert known is None
    assert len(addresses) < 50  # addresses were used again, or this showed nothing
    assert peers.rows == 50


def test_a_late_farewell_of_the_last_owner_leaves_the_new_mark() -> None:
    marks, peers = Marks(), Peers()
    row = Row()
    marks.add(row, peers)
    old = marks._marks.pop(id(row))
    marks.add(row, peers)

    marks._forget(old)

    assert marks.of(row) is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": 1}, "threshold must be 2 or more"),
        ({"mode": "shout"}, "one of report, raise, warn, not 'shout'"),
        ({"ignore": "Order.lines"}, r"write \['Order.lines'\]"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Detector(**options)


def test_the_price_is_what_the_round_trips_cost() -> None:
    finding = NPlusOne("fake", "Order.lines", 100, 100, "", Origin("page.py", 7, "page"), ".fix()")

    assert finding.est_saving_ms(0) == 0
    assert finding.est_saving_ms(2.5) == 99 * 2.5
    with pytest.raises(ValueError, match="rtt_ms must be 0 or more, not -1"):
        finding.est_saving_ms(-1)
