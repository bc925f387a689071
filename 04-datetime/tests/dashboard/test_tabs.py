"""What the tabs compute and say; that they open and start is tested for every module."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from velvet.ui.kit import Seen
from velvet_datetime.dashboard import matrix_tab, parsers_tab, scheduler, tasks, time_line

GAP, FOLD = list(time_line.NIGHTS)[:2]
JOB = {"cron": "30 2 * * *", "night": FOLD, "gap": "run_after", "fold": "first"}


@pytest.mark.parametrize(
    ("night", "minutes", "words"),
    [
        (GAP, 30, r"**02:30 never existed**"), (FOLD, 30, "**02:30 existed twice**"),
        (GAP, -60, "01:00 exists once"), (FOLD, 180, "05:00 exists once"),
    ],
)  # fmt: skip
def test_the_line_says_what_a_wall_time_is(night: str, minutes: int, words: str) -> None:
    said = time_line.finding(Seen(wanted={"night": night, "minutes": minutes}))

    assert words in said


@pytest.mark.parametrize("night", time_line.NIGHTS)
def test_every_night_has_a_change_that_the_slider_passes(night: str) -> None:
    zone, change, wall = time_line.wall_of({"night": night, "minutes": 15})

    figure = time_line.figure_of(zone, change, wall)
    rows = time_line.rows_of(zone, wall)

    assert change.shift != dt.timedelta(0)
    assert rows[-1]["instant"].endswith("TimeError")
    assert {"compatible", "earlier", "later"} <= {trace.name for trace in figure.data}


def test_pendulum_means_the_second_half_of_a_fold() -> None:
    found = time_line.answers("Europe/Berlin", dt.datetime.fromisoformat("2026-10-25T02:30"))

    assert str(found["pendulum"]) == "2026-10-25 01:30:00+00:00"
    assert str(found["whenever"]) == "2026-10-25 00:30:00+00:00"
    assert found["pandas"] in ("ValueError", "AmbiguousTimeError")


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return list(tasks.matrix())


def test_the_matrix_is_drawn_for_every_engine(events: list[dict[str, Any]]) -> None:
    engines = [one for one in events if one["type"] == "engine"]

    figure = matrix_tab.figure_of(engines, "after 2037")

    assert len(figure.data[0].x) == len(engines)
    assert len(figure.data[0].y) == 6
    assert "whenever **once**" in matrix_tab.finding(Seen(events))
    assert matrix_tab.finding(Seen(events[:2])) == ""


def test_the_scheduler_names_what_runs_twice() -> None:
    assert "croniter" in scheduler.finding(Seen(wanted=JOB))
    assert "ours" not in scheduler.finding(Seen(wanted=JOB))
    assert "ours, policies above" in scheduler.finding(Seen(wanted={**JOB, "fold": "both"}))
    assert "at most once" in scheduler.finding(Seen(wanted={**JOB, "night": GAP}))
    assert scheduler.finding(Seen(wanted={**JOB, "cron": "61 * * * *"})) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-01-01T12:00:00+10:60", "RFC 3339 forbids this text; **"),
        ("2026-03-29T01:30:45+02:00", "RFC 3339 allows this text; **10 of 10**"),
        ("<b>\ud800", "**0 of 10**"),
    ],
)
def test_the_parsers_are_counted(text: str, words: str) -> None:
    pytest.importorskip("ciso8601")

    assert words in parsers_tab.finding(Seen(options={"text": text}))


def test_the_byte_is_marked_and_all_else_is_escaped() -> None:
    html = parsers_tab.marked("<2026\n", 0)

    assert "<mark" in html
    assert "&lt;</mark>2026\\n" in html
    assert parsers_tab.marked("2026", 99).endswith("</mark>")


def test_an_engine_without_zones_is_not_said_to_refuse() -> None:
    pytest.importorskip("numpy")

    found = time_line.answers("Europe/Berlin", dt.datetime.fromisoformat("2026-10-25T02:30"))

    assert "NumPy" not in found
    assert "whenever" in found
