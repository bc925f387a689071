"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from velvet_web.domain import MAX_ID, Problem, parse_id
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
