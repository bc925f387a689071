"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_web.board import Call, TaskBoard
from velvet_web.domain import MAX_ID, NewTask, Problem, make_cursor, parse_id
from velvet_web.events import Broadcaster
from velvet_web.histogram import Histogram
from velvet_web.middleware_asgi import LoadShed
from velvet_web.production import Needs
from velvet_web.settings import Settings
from velvet_web.store import SqliteStore

SECRET = "marmalade-16-ltr"


def filled(*values: int) -> Histogram:
    made = Histogram()
    for value in values:
        made.record(value)
    return made


def shed(*numbers: Any) -> LoadShed:
    return LoadShed(None, *numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: parse_id("1"), 1),
        (lambda: parse_id(str(MAX_ID)), MAX_ID),
        (lambda: Broadcaster(1) is None, False),
        (lambda: filled(1, 2).percentile(0), 1),
        (lambda: filled(1, 2).percentile(50), 1),
        (lambda: filled(1, 2).percentile(75), 2),
        (lambda: filled(1, 2).percentile(100), 2),
        (lambda: filled(0).percentile(100), 1),
        (lambda: filled(30).corrected(10).total, 3),
        (lambda: filled(19).corrected(10).total, 1),
        (lambda: filled(20).corrected(10).total, 2),
        (lambda: filled(20).corrected(0).total, 1),
        (lambda: shed(1, 0, 0).max_inflight, 1),
        (lambda: Settings(dsn="a", max_body=1, max_inflight=0, max_queue=0, busy=0).max_body, 1),
        (lambda: Settings(dsn="a", max_wait=1e9 - 1).max_wait, 1e9 - 1),
        (lambda: Settings(dsn="a", secret=SECRET).secret, SECRET),
        (lambda: Settings(dsn="a", public_url="https://a").public_url, "https://a"),
        (lambda: Needs(grace=5).grace, 5),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Broadcaster(0), "capacity is 0"),
        (lambda: filled(1).percentile(-0.1), "percent is -0.1"),
        (lambda: filled(1).percentile(100.1), "percent is 100.1"),
        (lambda: shed(0, 0, 0), "at least 1"),
        (lambda: shed(1, -1, 0), "at least 0"),
        (lambda: shed(1, 0, -0.1), "at least 0"),
        (lambda: Settings(dsn=""), "dsn is empty"),
        (lambda: Settings(dsn="a", max_body=0), "max_body is 0"),
        (lambda: Settings(dsn="a", max_inflight=-1), "max_inflight is -1"),
        (lambda: Settings(dsn="a", max_queue=-1), "max_queue is -1"),
        (lambda: Settings(dsn="a", max_wait=-0.1), "max_wait is -0.1"),
        (lambda: Settings(dsn="a", max_wait=1e9), "max_wait is 1000000000"),
        (lambda: Settings(dsn="a", busy=-0.1), "busy is -0.1"),
        (lambda: Settings(dsn="a", secret=SECRET[:-1]), "shorter than 16"),
        (lambda: Settings(dsn="a", public_url="ftp://a"), "give https://name"),
        (lambda: Settings(dsn="a", public_url="https://"), "give https://name"),
        (lambda: Settings(dsn="a", public_url="https://a/"), "without a slash"),
        (lambda: SqliteStore("a", busy=-0.1), "busy is -0.1"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("text", ["0", "01", "-1", "1.0", "٣", "", str(MAX_ID + 1), "9" * 20])
def test_what_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_id(text or " ")

    assert caught.value.status == 404


def test_a_store_that_is_refused_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="busy"):
        SqliteStore(str(tmp_path / "a" / "b.db"), busy=-1)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("query", "count", "more"),
    [
        ("", 50, True),
        ("limit=1", 1, True),
        ("limit=100", 100, True),
        ("limit=100&after=", 1, False),
    ],
)
def test_a_page_has_one_to_a_hundred_tasks(
    tmp_path: Path, query: str, count: int, more: bool
) -> None:
    board = TaskBoard(Settings(dsn=str(tmp_path / "a.db"), secret=SECRET))
    for number in range(101):
        board.store.create(NewTask(str(number)))
    cursor = make_cursor(board.store.page(100, 0, None)[-1].id, SECRET)

    reply = board.list(Call("GET", {}, query=query + cursor * query.endswith("after=")))

    assert len(reply.payload) == count
    assert ("link" in reply.headers) is more


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "", "0001", "٣"])
def test_a_page_has_no_other_size(tmp_path: Path, limit: str) -> None:
    board = TaskBoard(Settings(dsn=str(tmp_path / "a.db")))

    with pytest.raises(Problem) as caught:
        board.list(Call("GET", {}, query=f"limit={limit}"))

    assert caught.value.status == 422
