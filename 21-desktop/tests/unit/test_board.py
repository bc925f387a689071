"""The board without a window: intents, properties, what is told and what is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from velvet_desktop.contenders import bind, cells, column_text, polyline, presses, titles
from velvet_desktop.core.model import Query, Task, TaskStore, seed
from velvet_desktop.core.viewmodel import ACTIONS, CHART_EVERY, VISIBLE, Action, Board
from velvet_desktop.errors import ImportRemoved, InvalidTask, StoreBusy, UnknownTheme


def add(board: Board, title: str) -> None:
    board.type_draft(title)
    board.add()


def test_a_task_is_added_taken_back_and_done_again(board: Board) -> None:
    add(board, "feed the cat")
    assert board.rows.count == 301
    assert (board.draft.value, board.can_undo.value) == ("", True)

    board.undo()
    assert (board.rows.count, board.status_line.value) == (300, "undone: add")
    board.redo()
    board.redo()

    assert (board.rows.count, board.status_line.value) == (301, "there is nothing to redo")
    assert board.columns.value["todo"][1][0].title == "feed the cat"


def test_edit_move_and_remove_act_on_the_selected_row(board: Board, clock: Any) -> None:
    board.select_shown(2)
    first = board.rows.row(2)
    assert first is not None

    board.edit("a")
    clock.now += 0.1
    board.edit("ab")
    assert board.store.get(first.id).title == "ab"  # type: ignore[union-attr]
    board.undo()
    assert board.store.get(first.id) == first
    board.move()
    assert board.store.get(first.id).status != first.status  # type: ignore[union-attr]
    board.remove()
    assert board.store.get(first.id) is None
    board.undo()
    board.undo()
    board.undo()

    assert board.store.get(first.id) == first
    assert board.status_line.value == "there is nothing to undo"


def test_a_search_waits_until_no_letter_is_typed(board: Board, clock: Any) -> None:
    board.search("chart 1")
    board.frame()
    assert board.rows.count == 300

    clock.now += 0.2
    board.frame()

    assert 0 < board.rows.count < 300
    assert all(row and "chart 1" in row.title for row in board.page.value)
    board.search("100%_")
    clock.now += 0.2
    board.frame()
    assert (board.rows.count, board.page.value) == (0, ())
    board.remove()
    assert board.status_line.value.startswith("no task is selected")
    for text in ("x" * 100_000, "\ud83d", "a\0b"):
        board.search(text)
        clock.now += 0.2
        board.frame()
        assert (board.rows.count, board.page.value) == (0, ())


def test_sorting_goes_round_and_pages_are_in_order(board: Board) -> None:
    board.next_sort()
    shown = [row.title for row in board.page.value]
    assert shown == sorted(shown)
    assert len(shown) == VISIBLE
    board.next_sort()
    assert {row.priority for row in board.page.value} == {1}
    board.scroll_by(10_000)
    assert {row.priority for row in board.page.value} == {3}
    board.next_sort()

    assert (board.query.value.sort, board.top) == ("id", 0)


def test_scrolling_stays_inside(board: Board) -> None:
    board.scroll_to(10**9)
    assert board.top == 300 - VISIBLE
    board.scroll_by(-(10**9))
    assert board.top == 0
    board.select(10**9)
    assert board.selected.value == 299


def test_what_is_selected_is_a_row_that_there_is_and_is_seen(board: Board, clock: Any) -> None:
    for _ in range(20):
        board.select_by(1)
    assert (board.selected.value, board.top) == (20, 5)
    for _ in range(18):
        board.select_by(-1)
    assert (board.selected.value, board.top) == (2, 2)
    board.select(1)
    board.select_by(1)
    assert (board.selected.value, board.top) == (2, 2)  # it is the first that is shown

    board.select(299)
    board.remove()
    board.remove()
    assert (board.rows.count, board.selected.value) == (298, 297)
    board.search("chart 1")
    clock.now += 0.2
    board.frame()
    assert (board.selected.value, board.top) == (0, 0)
    board.move()
    assert board.status_line.value == "move"


def test_of_a_single_row_that_is_left_the_first_is_selected(board: Board, clock: Any) -> None:
    add(board, "zebra one")
    add(board, "zebra two")
    board.search("zebra")
    clock.now += 0.2
    board.frame()
    board.select(1)

    board.remove()

    assert (board.rows.count, board.selected.value) == (1, 0)


def test_a_key_that_types_nothing_leaves_the_table_where_it_is(board: Board, clock: Any) -> None:
    board.scroll_to(100)
    board.select(110)
    board.search("")
    clock.now += 0.2
    board.frame()

    assert (board.top, board.selected.value) == (100, 110)


def test_a_step_done_again_after_an_import_takes_no_row_of_it(board: Board) -> None:
    add(board, "mine")
    board.undo()
    source = board.store.begin_import()
    board.store.add_rows(source, [Task(0, f"imported {row}") for row in range(10)])
    board.store.finish_import(source)
    board.redo()

    assert board.store.count() == 311
    assert [board.store.count(Query(text)) for text in ("imported", "mine")] == [10, 1]


def test_what_was_found_at_the_start_is_told_whole(folder: Path) -> None:
    (folder / "settings.json").write_text("{", encoding="utf-8")
    (folder / "draft.json").write_text('"half a sen"', encoding="utf-8")
    board = Board(folder, inline=True)
    board.close()

    assert "kept as settings.json.bad" in board.status_line.value
    assert board.status_line.value.endswith("; your draft was recovered")


def test_a_board_of_less_than_no_tasks_is_refused(board: Board) -> None:
    with pytest.raises(ValueError, match="count is -1: at least 0"):
        seed(board.store, -1)


def test_the_theme_goes_round_and_an_unknown_one_lists_the_choices(board: Board) -> None:
    names = []
    for _ in range(3):
        board.toggle_theme()
        names.append(board.theme.value.name)

    assert names == ["dark", "high_contrast", "light"]
    with pytest.raises(UnknownTheme, match="light, dark, high_contrast"):
        board.set_theme("pink")


def test_the_chart_shows_the_gaps_between_frames(board: Board, clock: Any) -> None:
    drawn = set()
    for gap in [0.016] * 20 + [0.15] + [0.016] * 20:
        clock.now += gap
        board.frame()
        drawn.add(board.chart.value)

    assert len(drawn - {()}) == 41 // CHART_EVERY
    assert max(board.chart.value) == pytest.approx(0.75)
    assert polyline(board.chart.value, 90, -80)[0][0] == 0
    assert polyline((), 0, 1) == []


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("", "needs a title"),
        (" \n\t", "needs a title"),
        ("x" * 10_001, "at most 10,000 characters, not 10,001"),
    ],
)
def test_a_title_that_breaks_a_rule_is_told_and_the_draft_stays(
    board: Board, title: str, why: str
) -> None:
    add(board, title)

    assert why in board.status_line.value
    assert (board.rows.count, board.draft.value) == (300, title)


@pytest.mark.parametrize(
    "title",
    ["x" * 10_000, "\u202eolleh <b>bold</b>\nline 2\t3", "שלום عالم", "100%_'; drop table task"],
)
def test_a_strange_title_is_text_on_one_line(board: Board, title: str) -> None:
    add(board, title)
    stored = board.columns.value["todo"][1][0]

    assert stored.title == title
    (shown,) = titles((stored,))
    assert "\n" not in shown
    assert len(shown) <= 200
    assert shown in column_text("todo", (1, (stored,))) or len(shown) > 26
    assert cells(stored)[1:] == ("todo", "2")
    assert cells(None) == ("…", "", "")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"status": "gone"}, "choose one of todo, doing, done"),
        ({"priority": 9}, "choose 1, 2 or 3"),
        ({"estimate": float("nan")}, "choose 0 to 100,000"),
        ({"estimate": float("inf")}, "choose 0 to 100,000"),
        ({"title": "half \ud83d"}, "half a character"),
    ],
)
def test_a_task_that_breaks_a_rule_cannot_be_made(values: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidTask, match=why):
        Task(**{"id": 0, "title": "title"} | values)


def conflicts(actions: tuple[Action, ...]) -> list[str]:
    """Return a sentence for each key that two actions want."""
    keys: dict[str, str] = {}
    found = []
    for one in actions:
        if one.key in keys:
            found.append(f"{one.key} is both {keys[one.key]} and {one.intent}")
        keys[one.key] = one.intent
    return found


def test_pulse_and_actions_have_one_key_each(board: Board) -> None:
    board.pulse()

    assert board.mark.value is True
    assert conflicts(ACTIONS) == []
    assert conflicts((*ACTIONS, Action("sing", "F2", "Sing"))) == ["F2 is both add and sing"]
    assert all(callable(getattr(board, one.intent)) for one in ACTIONS)


class Recorder:
    """A view that writes down what it is told to show."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    def choose(self) -> None:
        self.told["chosen"] = True

    def __getattr__(self, name: str) -> Any:
        return lambda value: self.told.__setitem__(name, value)


def test_a_view_that_is_bound_shows_everything_at_once_and_follows(board: Board) -> None:
    view = Recorder()
    bind(board, view)
    assert set(view.told) == {"paint", "fill", "columns", "draw", "say", "show_draft", "pulse"}
    assert len(view.told["fill"]) == VISIBLE
    assert view.told["fill"][0][1] is True
    assert view.told["columns"]["todo"].startswith("TODO")

    board.search("no such task")
    board.select(3)
    assert [chosen for _, chosen in view.told["fill"]].index(True) == 3
    view.told.clear()
    board.pulse()

    assert view.told == {"pulse": board.theme.value.danger}
    board.toggle_theme()
    assert view.told["fill"][3][1] is True  # painted over by the theme, and shown again
    calls = {action.intent: call for action, call in presses(board, view)}
    calls["import_recent"]()
    assert view.told["chosen"] is True


def test_a_page_far_down_costs_no_walk_from_the_top_and_is_right(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "board.db"):
        store = TaskStore(tmp_path / "board.db")
    store.add_rows(
        store.begin_import(), [Task(0, f"t{row % 7}", priority=1 + row % 3) for row in range(500)]
    )
    for sort in ("id", "title", "priority"):
        query = Query("t", sort)
        whole = store.page(query, 0, 500)
        for start in (0, 128, 256, 384, 37, 490, 499, 500):
            assert store.page(query, start, start + 20) == whole[start : start + 20], (sort, start)
    with pytest.raises(ValueError, match="choose one of id, title, priority"):
        store.page(Query(sort="colour"), 0, 1)
    store.close()


def test_a_locked_board_says_so_and_nothing_is_lost(board: Board) -> None:
    other = sqlite3.connect(board.store.path, isolation_level=None)
    other.execute("begin immediate")
    try:
        add(board, "kept in the draft")
        assert board.status_line.value.startswith("another program is writing")
        assert board.draft.value == "kept in the draft"
        with pytest.raises(StoreBusy):
            board.store.remove(1)
    finally:
        other.execute("rollback")
        other.close()
    board.add()

    assert board.rows.count == 301


def test_another_error_of_the_database_is_not_hidden(board: Board) -> None:
    board.store._writer.execute("drop table import")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        board.store.begin_import()


def test_a_full_disk_is_told_and_the_text_stays(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full)
        board.type_draft("kept in the window")
        assert "No space left" in board.status_line.value
        assert board.draft.value == "kept in the window"
        with pytest.raises(OSError, match="No space left"):
            board.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        board.store.count()
    assert [one.name for one in board.folder.iterdir() if ".new" in one.name] == []


def test_a_database_that_cannot_grow_says_so(board: Board) -> None:
    pages = board.store._writer.execute("pragma page_count").fetchone()[0]
    board.store._writer.execute(f"pragma max_page_count = {pages}")

    add(board, "x" * 10_000)

    assert "make room and try again" in board.status_line.value
    assert board.draft.value == "x" * 10_000


def test_an_import_that_another_window_removed_takes_no_more_rows(board: Board) -> None:
    source = board.store.begin_import()
    board.store.add_rows(source, [Task(0, "half")])
    other = TaskStore(board.store.path)
    assert other.recover() == 1
    other.close()

    with pytest.raises(ImportRemoved):
        board.store.add_rows(source, [Task(0, "the other half")])
    with pytest.raises(ImportRemoved):
        board.store.finish_import(source)
    assert board.store.count() == 300
