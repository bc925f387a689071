"""Signals, dispatching, undo and rows: what every view stands on."""

from __future__ import annotations

import gc
import threading
from functools import partial
from typing import Any

import pytest

from velvet_desktop.core.dispatch import Coalescer, Dispatcher
from velvet_desktop.core.observable import Computed, Property, Signal, batch
from velvet_desktop.core.rows import RowWindow
from velvet_desktop.core.undo import Command, UndoStack
from velvet_desktop.errors import WrongThread


class Listener:
    """An object with a method that listens."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def hear(self, value: Any) -> None:
        self.heard.append(value)


def test_a_property_speaks_only_when_its_value_is_another_one() -> None:
    told: list[Any] = []
    size = Property(1)
    size.changed.connect(told.append)

    for value in (1, 2, 2, True, 1):
        size.value = value

    assert told == [2, True, 1]


def test_a_weak_listener_is_forgotten_with_its_object_and_a_closed_one_at_once() -> None:
    signal: Signal[int] = Signal()
    listener = Listener()
    signal.connect(listener.hear)
    told: list[int] = []
    connection = signal.connect(told.append, weak=False)

    signal.emit(1)
    assert listener.heard == told == [1]
    del listener
    gc.collect()
    connection.close()
    connection.close()
    signal.emit(2)

    assert told == [1]
    assert signal._listeners == {}


def test_a_listener_that_closes_the_next_one_silences_it() -> None:
    signal: Signal[int] = Signal()
    told: list[int] = []
    signal.connect(lambda _: later.close())
    later = signal.connect(told.append)

    signal.emit(1)

    assert told == []


def test_a_batch_tells_each_property_once_and_not_when_it_came_back() -> None:
    one, two = Property(1), Property(1)
    told: list[Any] = []
    one.changed.connect(lambda value: told.append(("one", value)))
    two.changed.connect(lambda value: told.append(("two", value)))

    with batch():
        one.value = 2
        one.value = 3
        two.value = 5
        two.value = 1

    assert told == [("one", 3)]
    with batch():
        one.value = True
        one.value = 3.0  # equal, and of another type
    assert told == [("one", 3), ("one", 3.0)]
    assert type(told[1][1]) is float


def test_a_computed_property_follows_its_sources() -> None:
    width, height = Property(2), Property(3)
    area = Computed(lambda: width.value * height.value, width, height)

    height.value = 5

    assert area.value == 10


def test_a_property_refuses_a_foreign_thread_by_name() -> None:
    size = Property(1, thread=Dispatcher(), name="size")
    caught: list[BaseException] = []

    def change() -> None:
        try:
            size.value = 2
        except WrongThread as error:
            caught.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()

    assert str(caught[0]).startswith("size belongs to the UI thread")
    assert size.value == 1


def test_a_frame_drains_until_its_budget_is_spent(clock: Any) -> None:
    dispatcher = Dispatcher(clock=clock)

    def costly() -> None:
        clock.now += 0.003

    for _ in range(5):
        dispatcher.post(costly)

    assert dispatcher.drain(budget_ms=4.0) == 2
    assert dispatcher.run_pending() == 3
    assert dispatcher.drain() == 0


def test_a_closed_dispatcher_drops_and_counts() -> None:
    dispatcher, ran = Dispatcher(), []
    for number in range(1_000):
        dispatcher.post(lambda it=number: ran.append(it))

    dispatcher.close()
    dispatcher.post(lambda: ran.append(0))

    assert dispatcher.run_pending() == 0
    assert (dispatcher.dropped, ran) == (1_001, [])


def test_a_storm_of_updates_is_one_post_and_one_delivery_a_key() -> None:
    dispatcher, told = Dispatcher(), []
    storm = Coalescer(dispatcher, lambda key, value: told.append((key, value)))

    for number in range(1_000):
        storm.offer(number % 2, number)

    assert dispatcher.run_pending() == 1
    assert told == [(0, 998), (1, 999)]


def test_a_value_that_cannot_be_delivered_costs_the_other_keys_nothing() -> None:
    dispatcher, told = Dispatcher(), []

    def deliver(key: Any, value: Any) -> None:
        told.append((key, 1 // value))

    storm = Coalescer(dispatcher, deliver)
    for key, value in (("a", 0), ("b", 1), ("c", 1)):
        storm.offer(key, value)
    with pytest.raises(ZeroDivisionError):
        dispatcher.run_pending()
    dispatcher.run_pending()

    assert told == [("b", 1), ("c", 1)]


def test_undo_merges_what_is_typed_soon_and_keeps_what_came_later_apart(clock: Any) -> None:
    text, stack = [""], UndoStack(clock=clock)

    def typed(new: str) -> Command:
        old = text[0]
        return Command(
            "type", lambda: text.__setitem__(0, new), lambda: text.__setitem__(0, old), "title"
        )

    for new, pause in (("a", 0.0), ("ab", 0.2), ("abc", 0.2), ("abcd", 0.9)):
        clock.now += pause
        stack.push(typed(new))

    assert len(stack) == 2
    assert (stack.undo(), text[0]) == ("type", "abc")
    assert (stack.undo(), text[0]) == ("type", "")
    assert (stack.redo(), text[0]) == ("type", "abc")
    assert stack.can_redo


def test_a_command_that_raises_is_not_kept() -> None:
    stack = UndoStack()

    with pytest.raises(ZeroDivisionError):
        stack.push(Command("bad", lambda: 1 // 0, lambda: None))

    assert not stack.can_undo


def macro_that_raises(stack: UndoStack, command: Command) -> None:
    with stack.macro("broken"):
        stack.push(command)
        stack.push(Command("worse", lambda: 1 // 0, lambda: None))


def test_a_macro_is_one_step_and_is_taken_back_when_its_block_raises() -> None:
    stack, numbers = UndoStack(), list[int]()

    def add(number: int) -> Command:
        return Command("add", lambda: numbers.append(number), lambda: numbers.remove(number))

    with stack.macro("three"):
        for number in (1, 2, 3):
            stack.push(add(number))
    broken = Command("bad", lambda: numbers.append(4), lambda: numbers.remove(4))
    with pytest.raises(ZeroDivisionError):
        macro_that_raises(stack, broken)
    with stack.macro("empty"):
        pass

    assert (len(stack), numbers) == (1, [1, 2, 3])
    assert (stack.undo(), numbers) == ("three", [])
    assert (stack.redo(), numbers) == ("three", [1, 2, 3])
    with pytest.raises(RuntimeError, match="inside a macro"), stack.macro("a"), stack.macro("b"):
        pass


def test_a_macro_is_moved_whole_or_not_at_all() -> None:
    stack, numbers, busy = UndoStack(), list[int](), [False]

    def take_back(number: int) -> None:
        if busy[0] and number == 1:
            raise OSError("locked")
        numbers.remove(number)

    with stack.macro("three"):
        for number in (1, 2, 3):
            stack.push(Command("add", partial(numbers.append, number), partial(take_back, number)))
    busy[0] = True
    with pytest.raises(OSError, match="locked"):
        stack.undo()
    assert (sorted(numbers), stack.can_undo) == ([1, 2, 3], True)
    busy[0] = False

    assert (stack.undo(), numbers) == ("three", [])
    with pytest.raises(ZeroDivisionError):
        macro_that_raises(stack, Command("bad", lambda: None, lambda: None))
    assert (stack.redo(), numbers) == ("three", [1, 2, 3])


def test_clean_means_as_saved_also_when_the_limit_forgot_it() -> None:
    stack = UndoStack(limit=2)
    step = Command("x", lambda: None, lambda: None)
    assert stack.is_clean
    stack.push(step)
    stack.mark_clean()
    stack.push(step)
    assert not stack.is_clean
    stack.undo()
    assert stack.is_clean
    stack.undo()
    stack.push(step)
    assert not stack.is_clean  # the saved state lay in what was undone
    for _ in range(3):
        stack.push(step)
    assert len(stack) == 2
    assert (stack.undo(), stack.undo(), stack.undo()) == ("x", "x", "")
    assert not stack.is_clean
    with pytest.raises(ValueError, match="limit is 0"):
        UndoStack(limit=0)


class Later:
    """A way to fetch that answers when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def __call__(self, ask: Any, done: Any) -> None:
        self.waiting.append((ask, done))

    def answer(self) -> None:
        waiting, self.waiting = self.waiting, []
        for ask, done in waiting:
            done(ask())


def numbers(start: int, stop: int) -> list[int]:
    return list(range(start, stop))


def test_a_row_is_none_until_its_page_came_and_the_next_page_is_fetched_ahead() -> None:
    later = Later()
    rows: RowWindow[int] = RowWindow(numbers, 1_000, submit=later, page=10, max_pages=4)
    loaded: list[Any] = []
    rows.loaded.connect(loaded.append)

    assert rows.row(25) is None
    assert rows.row(26) is None
    later.answer()

    assert loaded == [(20, 30), (30, 40)]
    assert rows.rows(24, 27) == [24, 25, 26]
    rows.row(5)
    later.answer()
    assert (rows.row(5), rows.row(999)) == (5, None)


def test_answers_of_an_older_filter_are_dropped() -> None:
    later = Later()
    rows: RowWindow[int] = RowWindow(numbers, 100, submit=later, page=10)
    counts: list[int] = []
    rows.reset.connect(counts.append)
    rows.row(0)
    old, later.waiting = later.waiting, []

    rows.renew(lambda start, stop: [-row for row in range(start, stop)], 50)
    for ask, done in old:
        done(ask())
    assert len(rows) == 0
    rows.row(1)
    later.answer()

    assert (rows.row(1), counts) == (-1, [50])


def test_a_window_keeps_to_its_bounds() -> None:
    rows: RowWindow[int] = RowWindow(numbers, 100_000, page=10, max_pages=3)
    for row in range(0, 100_000, 977):
        assert rows.row(row) == row
        assert len(rows) <= 30
    with pytest.raises(IndexError, match="row 100000 of 100000"):
        rows.row(100_000)
    with pytest.raises(ValueError, match="at least 2"):
        RowWindow(numbers, 1, max_pages=1)
    assert rows.rows(99_998, 100_010) == [99_998, 99_999]


def test_a_window_keeps_as_many_pages_as_it_may_and_looks_ahead_after_a_change() -> None:
    rows: RowWindow[int] = RowWindow(numbers, 100, page=10, max_pages=3)
    for row in (0, 10, 20):
        rows.row(row)
    assert len(rows) == 30

    rows.renew(numbers, 100)
    before = rows.fetched
    rows.row(10)
    assert (rows.fetched - before, len(rows)) == (2, 20)


def test_the_core_needs_no_toolkit() -> None:
    import subprocess
    import sys

    blocked = ("PySide6", "PyQt6", "tkinter", "kivy", "dearpygui", "customtkinter", "Xlib", "PIL")
    code = (
        f"import sys\nsys.modules.update(dict.fromkeys({blocked!r}))\n"
        "import velvet_desktop.core.viewmodel, velvet_desktop.probe, velvet_desktop.windows\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_batch_inside_a_batch_tells_at_the_end_of_the_outer_one() -> None:
    size = Property(1)
    told: list[int] = []
    size.changed.connect(told.append)

    with batch():
        size.value = 2
        with batch():
            size.value = 3
        assert told == []
    with batch():
        with batch():
            size.value = 4
        size.value = 3

    assert told == [3]


def test_a_page_that_could_not_be_fetched_is_asked_for_again() -> None:
    answers = [OSError("gone"), [1]]

    def fetch(start: int, stop: int) -> list[int]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer  # type: ignore[return-value]

    rows: RowWindow[int] = RowWindow(fetch, 1)
    with pytest.raises(OSError, match="gone"):
        rows.row(0)

    assert rows.row(0) == 1
