"""The recorder on every kind of code, and what a trace answers."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from velvet_devtools.debug import recorder as recording
from velvet_devtools.debug import values
from velvet_devtools.debug.query import Query
from velvet_devtools.debug.recorder import BACKENDS, Recorder, stored_names
from velvet_devtools.debug.trace import Trace
from velvet_devtools.errors import QueryError
from velvet_devtools.samples import programs


def walrus(n: int) -> int:
    if (half := n // 2) > 1:
        n = half
    del half
    return n


def closure(n: int) -> int:
    total = 0

    def add(k: int) -> None:
        nonlocal total
        total += k

    add(n)
    return total


def matching(value: Any) -> str:
    match value:
        case {"x": x}:
            found = f"x{x}"
        case [first, *rest]:
            found = f"{first}{len(rest)}"
        case _:
            found = "none"
    return found


async def waiting() -> int:
    first = 1
    await asyncio.sleep(0)
    second = first + 1
    return second  # noqa: RET504 - the name is asked for


class Counter:
    def __init__(self) -> None:
        self.n = 0

    def twice(self) -> int:
        two = self.n * 2
        return two  # noqa: RET504 - the name is asked for

    @classmethod
    def made(cls) -> Counter:
        new = cls()
        return new  # noqa: RET504 - the name is asked for


def record(targets: list[Any], call: Callable[[], Any], **options: Any) -> Trace:
    with Recorder(targets, **options) as recorder:
        call()
    return recorder.trace


def last_values(trace: Trace, name: str) -> list[str]:
    return [values.shown(change.new) for change in trace.history(name)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("target", "call", "name", "expected"),
    [
        (walrus, lambda: walrus(8), "half", ["4"]),
        (walrus, lambda: walrus(8), "n", ["8", "4"]),
        (closure, lambda: closure(3), "total", ["0", "0", "3"]),
        (matching, lambda: matching({"x": 1}), "found", ["'x1'"]),
        (matching, lambda: matching([1, 2]), "rest", ["[2]"]),
        (waiting, lambda: asyncio.run(waiting()), "second", ["2"]),
        (programs.running_mean, lambda: programs.means([2.0, 4.0]), "mean", ["2.0", "3.0"]),
        (programs.risky, lambda: programs.risky("5,x"), "exception", ["'ValueError'"]),
        (Counter.twice, lambda: Counter().twice(), "two", ["0"]),
        (Counter.made, Counter.made, "new", ["Counter(n=0)"]),
    ],
)  # fmt: skip
def test_a_name_has_its_history(
    backend: str, target: Any, call: Callable[[], Any], name: str, expected: list[str]
) -> None:
    trace = record([target], call, backend=backend)

    assert trace.problem == ""
    assert last_values(trace, name)[: len(expected)] == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_coroutine_that_waits_is_one_call_and_a_function_called_again_another(
    backend: str,
) -> None:
    one = record([waiting], lambda: asyncio.run(waiting()), backend=backend)
    many = record([walrus], lambda: [walrus(n) for n in range(9)], backend=backend)

    assert len({step.call for step in one.steps}) == 1
    assert len({step.call for step in many.steps}) == 9


def test_recursion_gives_each_call_its_own_variables() -> None:
    trace = record([programs.fibonacci], lambda: programs.fibonacci(4))

    assert len({step.call for step in trace.steps}) == 9
    deepest = max(trace.steps, key=lambda step: len(trace.at(step.number).stack))
    assert trace.at(deepest.number).stack == ("fibonacci",) * 4
    assert trace.at(deepest.number).variables["n"] in (0, 1)


def test_each_thread_has_its_own_lane() -> None:
    def call() -> None:
        threads = [
            threading.Thread(target=programs.account, args=(random.Random(n),)) for n in range(2)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    for backend in BACKENDS:
        trace = record([programs.account], call, backend=backend)
        assert {step.lane for step in trace.steps} == {0, 1}


def test_the_heisenbug_is_found_by_one_question() -> None:
    order = programs.items(8_000)
    trace = record([programs.add_up, programs.subtotal], lambda: programs.add_up(order))

    first = trace.when("total != total")[0]

    assert f"number={programs.BAD_ITEM}" in trace.at(first).variables["item"]
    change = trace.last_write("total", before=first + 1)
    assert change is not None
    assert change.step == first


def test_two_runs_part_where_the_first_draw_differs() -> None:
    one, two, same = (
        record([programs.account], lambda seed=seed: programs.account(random.Random(seed)))
        for seed in (1, 5, 1)
    )

    assert one.diff(same) is None
    parted = one.diff(two)
    assert parted is not None
    assert "stored change = " in parted.reason


def test_a_run_that_ends_early_and_another_path_are_divergences() -> None:
    def path(n: int) -> int:
        if n > 1:
            n = 5
        return n

    short = record([programs.fibonacci], lambda: programs.fibonacci(1))
    twice = record([programs.fibonacci], lambda: [programs.fibonacci(1) for _ in "ab"])
    left, right = (record([path], lambda n=n: path(n)) for n in (1, 2))

    assert "ends after" in str(short.diff(twice).reason)  # type: ignore[union-attr]
    assert "the other ends" in twice.diff(short).reason  # type: ignore[union-attr]
    assert left.diff(right).reason.startswith("line")  # type: ignore[union-attr]


def test_the_ring_keeps_the_newest_and_says_so() -> None:
    trace = record([programs.fibonacci], lambda: programs.fibonacci(8), max_events=50)

    assert len(trace) == 50
    assert trace.truncated > 100
    assert trace.at(49).step.kind == "return"
    with pytest.raises(IndexError, match="0 to 49"):
        trace.at(50)


def test_changes_inside_an_object_are_seen_for_watched_names_only() -> None:
    def fill() -> list[int]:
        rows: list[int] = []
        rows.append(1)
        rows.append(2)
        return rows

    assert last_values(record([fill], fill), "rows") == ["[]"]
    assert last_values(record([fill], fill, watch=["rows"]), "rows") == ["[]", "[1]", "[1, 2]"]
    full = record([fill], fill, mode="full")
    assert last_values(full, "rows") == ["[]", "[1]", "[1, 2]"]


def test_steps_are_rows_of_json() -> None:
    trace = record([programs.risky], lambda: programs.risky("5"))

    assert json.loads(json.dumps(trace.as_rows()))[0]["changes"] == {"text": "'5'"}


@pytest.mark.parametrize(
    "question",
    [
        "__import__('os').system('x')", "x.y > 1", "x[0]", "lambda: 1", "x + 1 > 2", "f(x)", "", "x >",
        "(" * 500, "x > " + "9" * 400, "[1]", "{x}", "x if y else z", "+x", "~x", "x := 3", "await x",
    ],
)  # fmt: skip
def test_a_question_is_names_constants_and_comparisons(question: str) -> None:
    with pytest.raises(QueryError):
        Query(question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("x == 3 and name in ('a', 'b')", True), ("not x < 3", True), ("1 < x <= 3", True),
        ("x > 'three'", False), ("missing > 1", False), ("x is None or x == -3", False),
        ("rows == '[1]'", True), ("x != 3 or name not in ('b',)", True),
    ],
)  # fmt: skip
def test_a_question_is_answered(question: str, expected: bool) -> None:
    known = {"x": 3, "name": "a", "rows": values.Text("[1]")}

    assert Query(question).holds(known) is expected


class Raises:
    def __repr__(self) -> str:
        raise RuntimeError("never call me")


class Sleeps:
    __slots__ = ()

    def __repr__(self) -> str:
        raise AssertionError("a recorder that calls repr waits here")


class Word(str):
    def __len__(self) -> int:
        raise RuntimeError


class Meta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError


class Odd(metaclass=Meta):
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


def circle() -> list[Any]:
    rows: list[Any] = [1]
    rows.append(rows)
    return rows


# By number, because a failing report would print the values, which refuse.
WRITTEN = (
    (Raises(), "<Raises>"), (Sleeps(), "<Sleeps>"), (Word("x"), "<Word>"), (Odd(), "<Odd>"),
    (circle(), "[1, [1, [1, <list>]]]"), (1 << 10_000, "<int of 10,001 bits>"),
    (list(range(20)), "... 8 more]"), ({n: n for n in range(20)}, "... 8 more}"),
    ("x" * 500, "... 500 long"), (Raises, "<type Raises>"), (Odd, "<Meta"), (len, "len>"),
    (json, "<module json>"), ({1}, "{1}"), ((1,), "(1)"), (None, "None"),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_a_value_is_written_without_running_the_program(number: int) -> None:
    text = values.written(WRITTEN[number][0])

    assert WRITTEN[number][1] in text
    assert len(text) < 600


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"targets": []}, "at least one"), ({"targets": [len]}, "no Python code"),
        ({"targets": [walrus], "backend": "ptrace"}, "no 'ptrace' here"),
        ({"targets": [walrus], "max_events": 0}, "no room for 0 events"),
    ],
)  # fmt: skip
def test_a_recorder_refuses_what_it_cannot_do(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recorder(**options)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_failure_inside_the_recorder_ends_the_recording_and_not_the_program(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def broken(value: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise RuntimeError("disk full")
        return value

    monkeypatch.setattr(recording, "keep", broken)
    with Recorder([programs.insertion_sort], backend=backend) as recorder:
        assert programs.insertion_sort([3, 1, 2]) == [1, 2, 3]

    assert recorder.trace.problem == "recording ended: RuntimeError: disk full"


def test_what_was_traced_before_is_traced_again() -> None:
    def mine(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(mine)
    try:
        record([walrus], lambda: walrus(4), backend="settrace")
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)


@pytest.mark.skipif(len(BACKENDS) < 2, reason="sys.monitoring came with Python 3.12")
def test_every_id_taken_is_said_and_no_id_is_kept() -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    taken = [n for n in recording.TOOL_IDS if monitoring.get_tool(n) is None]
    for number in taken:
        monitoring.use_tool_id(number, "other")
    try:
        with pytest.raises(RuntimeError, match="six tools"), Recorder([walrus]):
            pass
    finally:
        for number in taken:
            monitoring.free_tool_id(number)
    record([walrus], lambda: walrus(4))
    assert [n for n in recording.TOOL_IDS if monitoring.get_tool(n) is None] == taken


def test_the_bytecode_says_what_a_line_stores() -> None:
    def many(rows: list[Any]) -> Iterator[int]:
        a = b = 1
        for a, (b, c) in rows:
            yield a + b + c

    names = stored_names(many.__code__)
    first = many.__code__.co_firstlineno

    assert set(names[first + 1]) == {"a", "b"}
    assert set(names[first + 2]) == {"a", "b", "c"}
