"""`velvet services`: what is up, what was started, and why there is none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from velvet import services


@dataclass(frozen=True)
class Line:
    """One line of the status, as the ladder gives it."""

    name: str
    state: str
    url: str
    detail: str
    why: str = ""


LINES = [
    Line("redis", "up", "redis://127.0.0.1:7000", "7.2.4 (wheel)"),
    Line("mongodb", "unavailable", "", "install mongod", "binary: none"),
]


def server(**more: Any) -> SimpleNamespace:
    """A server that was never started."""
    about = {"version": "7.2.4", "rung": "wheel", "notes": [], "skipped": []}
    return SimpleNamespace(**{**about, "shown": "redis://:***@127.0.0.1:7000", **more})


@pytest.mark.parametrize(("new", "state"), [(True, "started"), (False, "already up")])
def test_up_says_whether_the_server_is_new_and_where_it_is(velvet, monkeypatch, new, state):
    monkeypatch.setattr(services, "up", lambda name, rung: (server(), new))

    result = velvet("services", "up", "redis")

    assert result.exit_code == 0
    assert f"redis: {state}, 7.2.4 (wheel)" in result.output
    assert "VELVET_REDIS_URL=redis://:***@127.0.0.1:7000" in result.output


def test_up_shows_notes_and_the_rungs_that_were_passed_over(velvet, monkeypatch):
    found = server(notes=["fsync=off"], skipped=[("binary", "no redis-server")])
    monkeypatch.setattr(services, "up", lambda name, rung: (found, True))

    output = velvet("services", "up", "redis").output

    assert "[fsync=off]" in output
    assert "not from binary: no redis-server" in output


def test_up_asks_for_the_rung_that_was_named(velvet, monkeypatch):
    asked: list[tuple[str, str | None]] = []

    def up(name: str, rung: str | None) -> tuple[SimpleNamespace, bool]:
        asked.append((name, rung))
        return server(), True

    monkeypatch.setattr(services, "up", up)

    velvet("services", "up", "redis", "--rung", "binary")

    assert asked == [("redis", "binary")]


def test_one_server_that_cannot_be_had_does_not_keep_the_others_down(velvet, monkeypatch):
    def up(name: str, rung: str | None) -> tuple[SimpleNamespace, bool]:
        if name == "mongodb":
            raise services.ServiceUnavailable(name, [("binary", "no mongod")], "Install mongod.")
        return server(), True

    monkeypatch.setattr(services, "up", up)

    result = velvet("services", "up", "mongodb", "redis")

    assert result.exit_code == 1
    assert "redis: started" in result.output
    assert "no mongodb here (binary: no mongod). Install mongod." in result.output


def test_up_without_a_name_is_used_wrongly(velvet):
    result = velvet("services", "up")

    assert result.exit_code == 2
    assert "Missing argument 'NAMES...'" in result.output


def test_an_unknown_server_suggests_the_nearest(velvet):
    result = velvet("services", "up", "redish")

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "'redis'" in result.output


@pytest.mark.parametrize(
    ("stopped", "said"), [(["redis"], "stopped redis"), ([], "nothing was up")]
)
def test_down_says_what_it_stopped(velvet, monkeypatch, stopped, said):
    monkeypatch.setattr(services, "down", lambda names: stopped)

    result = velvet("services", "down")

    assert result.exit_code == 0
    assert result.output.strip() == said


def test_status_shows_a_line_for_each_server(velvet, monkeypatch):
    monkeypatch.setattr(services, "status", lambda: LINES)

    shown = velvet("services", "status").output.splitlines()

    assert shown == [
        "redis     up at redis://127.0.0.1:7000: 7.2.4 (wheel)",
        "mongodb   unavailable: install mongod",
    ]
    assert "binary: none" in velvet("services", "status", "--verbose").output


def test_status_for_programs_parses(velvet, monkeypatch):
    monkeypatch.setattr(services, "status", lambda: LINES)

    found = json.loads(velvet("services", "status", "--json").stdout)

    assert [one["name"] for one in found] == ["redis", "mongodb"]
