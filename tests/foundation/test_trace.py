"""Spans: recording, reading, exporting, and how many are open at once."""

from __future__ import annotations

import json
import os
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.trace import Recorder, Span, chrome_trace, in_flight, read, write_chrome_trace


class Clock:
    """Counts in whole microseconds, one with every look at it."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1000
        return self.now


def span(t0: int, t1: int, lane: str = "lane") -> Span:
    return Span(lane, "work", "run", t0, t1)


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    pairs = draw(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 40))))
    return [span(start, start + length) for start, length in pairs]


def test_a_span_tells_its_length_in_seconds() -> None:
    assert span(1_000_000_000, 3_500_000_000).seconds == 2.5


def test_a_block_is_recorded_with_its_time_thread_and_process() -> None:
    recorder = Recorder(clock_ns=Clock())

    with recorder.span("fetch", kind="wait"):
        pass

    thread = threading.current_thread()
    [kept] = recorder.spans()
    assert kept == Span(thread.name, "fetch", "wait", 1000, 2000, os.getpid(), thread.ident or 0)


def test_a_block_is_recorded_also_when_it_raises() -> None:
    recorder = Recorder()

    with pytest.raises(ZeroDivisionError), recorder.span("fails"):
        raise ZeroDivisionError

    assert [kept.name for kept in recorder.spans()] == ["fails"]


def test_a_lane_may_be_named_by_the_caller() -> None:
    recorder = Recorder()

    with recorder.span("fetch", lane="task 7"):
        pass

    assert recorder.spans()[0].lane == "task 7"


def test_nested_blocks_are_kept_in_the_order_of_their_end() -> None:
    recorder = Recorder(clock_ns=Clock())

    with recorder.span("outer"), recorder.span("inner"):
        pass

    assert [kept.name for kept in recorder.spans()] == ["inner", "outer"]


def test_a_full_ring_keeps_the_latest_spans_and_counts_the_dropped() -> None:
    recorder = Recorder(capacity=2)

    for moment in range(5):
        recorder.add(span(moment, moment))

    assert [kept.t0_ns for kept in recorder.spans()] == [3, 4]
    assert (recorder.recorded, recorder.dropped) == (5, 3)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_ring_without_room_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"capacity must be at least 1, not {capacity}"):
        Recorder(capacity)


def test_several_threads_record_without_losing_a_span() -> None:
    recorder = Recorder()
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(200):
            with recorder.span("work"):
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(recorder.spans()), recorder.dropped) == (800, 0)


def test_spans_are_read_from_records_and_missing_numbers_are_zero() -> None:
    record = {"lane": 1, "name": "a", "kind": "run", "t0_ns": "5", "t1_ns": 7.0, "pid": None}

    assert read([record]) == [Span("1", "a", "run", 5, 7, 0, 0)]


def test_what_a_recorder_kept_can_be_written_and_read_again() -> None:
    recorder = Recorder()
    with recorder.span("work"):
        pass
    lines = [json.dumps(kept._asdict()) for kept in recorder.spans()]

    assert read(map(json.loads, lines)) == recorder.spans()


@pytest.mark.parametrize("field", ["lane", "name", "kind", "t0_ns", "t1_ns"])
def test_a_record_that_lacks_a_field_is_refused_with_its_number(field: str) -> None:
    record = span(1, 2)._asdict()
    broken = {name: value for name, value in record.items() if name != field}

    with pytest.raises(ValueError, match=rf"^span 1 lacks '{field}'$"):
        read([record, broken])


@pytest.mark.parametrize("value", [None, "soon", [], float("nan")])
def test_a_time_that_is_no_number_is_refused_with_its_number(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^span 0 "):
        read([{**span(1, 2)._asdict(), "t0_ns": value}])


def test_a_record_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^span 0 "):
        read([["lane"]])  # type: ignore[list-item]


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^span 0 ends before it begins$"):
        read([span(2, 1)._asdict()])


def test_a_trace_is_in_the_event_format_with_microseconds(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"

    write_chrome_trace([Span("worker", "fetch", "wait", 2000, 5500, 42, 7)], path)

    trace = json.loads(path.read_text(encoding="utf-8"))
    assert trace["traceEvents"] == [
        {
            "ph": "M",
            "name": "thread_name",
            "pid": 42,
            "tid": 0,
            "args": {"name": "worker"},
        },
        {
            "ph": "X",
            "name": "fetch",
            "cat": "wait",
            "ts": 2.0,
            "dur": 3.5,
            "pid": 42,
            "tid": 0,
        },
    ]


def test_a_lane_of_one_name_in_two_processes_is_two_lanes_of_a_trace() -> None:
    spans = [Span("worker", "a", "run", 0, 1, pid) for pid in (1, 2, 1)]

    events = json.loads(chrome_trace(spans))["traceEvents"]

    assert [event["tid"] for event in events if event["ph"] == "X"] == [0, 1, 0]
    assert [event["pid"] for event in events if event["ph"] == "M"] == [1, 2]


def test_a_trace_without_spans_is_still_a_trace() -> None:
    assert json.loads(chrome_trace([]))["traceEvents"] == []


def test_nothing_is_in_flight_without_spans() -> None:
    assert in_flight([]) == []


def test_overlapping_spans_are_counted_together_and_touching_ones_are_not() -> None:
    steps = in_flight([span(0, 10, "a"), span(5, 15, "b"), span(15, 20, "a")])

    assert steps == [(0, 1), (5, 2), (10, 1), (15, 1), (20, 0)]


@given(spans())
def test_the_line_ends_at_zero_and_is_never_below_it(drawn: list[Span]) -> None:
    levels = [level for _, level in in_flight(drawn)]

    assert not levels or levels[-1] == 0
    assert all(level >= 0 for level in levels)


@given(spans())
def test_the_line_moves_forward_only(drawn: list[Span]) -> None:
    moments = [moment for moment, _ in in_flight(drawn)]

    assert moments == sorted(set(moments))


@given(spans())
def test_the_line_says_how_many_spans_hold_each_moment(drawn: list[Span]) -> None:
    expected = [
        (moment, sum(one.t0_ns <= moment < one.t1_ns for one in drawn))
        for moment, _ in in_flight(drawn)
    ]

    assert in_flight(drawn) == expected


@given(spans())
def test_the_area_below_the_line_is_the_sum_of_all_spans(drawn: list[Span]) -> None:
    steps = in_flight(drawn)

    area = sum(level * (later - moment) for (moment, level), (later, _) in pairwise(steps))

    assert area == sum(one.t1_ns - one.t0_ns for one in drawn)


@given(spans())
def test_the_line_does_not_depend_on_the_order_of_the_spans(drawn: list[Span]) -> None:
    assert in_flight(drawn) == in_flight(reversed(drawn))
