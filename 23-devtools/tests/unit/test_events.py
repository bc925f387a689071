"""The trace function for `sys.settrace`, called from a thread that coverage can see."""

from __future__ import annotations

import math
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from velvet_devtools.debug.recorder import Recorder
from velvet_devtools.samples import programs


def by_hand(recorder: Recorder, call: Callable[[], Any]) -> None:
    """Feed a recorder from this thread with what another one does.

    An interpreter traces no trace function, so coverage sees one only when it is called like this.
    """
    told: queue.Queue[tuple[Any, ...]] = queue.Queue()

    def global_trace(frame: Any, event: str, arg: Any) -> Any:
        return step(recorder._global_trace, frame, event, arg)

    def step(function: Any, frame: Any, event: str, arg: Any) -> Any:
        done = threading.Event()
        found: list[Any] = []
        told.put((function, frame, event, arg, found, done))
        done.wait()
        following = found[0]
        return following and (lambda f, e, a: step(following, f, e, a))

    def run() -> None:
        sys.settrace(global_trace)
        try:
            call()
        finally:
            sys.settrace(None)
            told.put(())

    recorder._live = True
    thread = threading.Thread(target=run)
    thread.start()
    while one := told.get():
        function, frame, event, arg, found, done = one
        found.append(function(frame, event, arg))
        done.set()
    thread.join()


@pytest.mark.parametrize("name", ["recursion", "generator", "insertion sort", "account"])
@pytest.mark.parametrize("mode", ["delta", "full"])
def test_events_that_are_fed_by_hand_are_recorded_as_they_are_live(name: str, mode: Any) -> None:
    targets, call = programs.PROGRAMS[name]
    with Recorder(targets, backend="settrace", mode=mode) as live:
        call()
    recorder = Recorder(targets, backend="settrace", mode=mode, watch=["done"])

    by_hand(recorder, call)

    same = [(one.kind, one.line, one.function) for one in recorder.trace.steps]
    assert same == [(one.kind, one.line, one.function) for one in live.trace.steps]


def test_an_exception_fed_by_hand_unwinds_its_call() -> None:
    recorder = Recorder([programs.risky], backend="settrace")

    def call() -> None:
        with pytest.raises(ZeroDivisionError):
            programs.risky("5,x,0")

    by_hand(recorder, call)

    assert [one.kind for one in recorder.trace.steps][-2:] == ["exception", "unwind"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("account", None), ("binary search that never ends", 4), ("insertion sort", [1, 2, 5, 7, 9]),
        ("recursion", 8), ("generator", [3.0, 4.0, 3.0, 4.25]), ("account, another seed", None),
    ],
)  # fmt: skip
def test_a_sample_program_runs_without_a_recorder(name: str, expected: Any) -> None:
    _, call = programs.PROGRAMS[name]

    found = call()

    assert found == (call() if expected is None else expected)
    assert math.isnan(programs.add_up(programs.items(8_000)))
