"""Processes that are started, measured, misused and ended."""

from __future__ import annotations

import sys

import psutil
import pytest

from velvet_web.contenders import load
from velvet_web.loadgen import measure, stream
from velvet_web.loadplan import LoadPlan, Shot
from velvet_web.production import Needs, command
from velvet_web.servers import (
    START_SECONDS,
    Running,
    ServerFailed,
    ServerSpec,
    serve,
    servers,
    usual_server,
)
from velvet_web.settings import Settings

NEEDS = Needs(rate=100, service_ms=20, cores=1, grace=10)


def test_what_a_server_costs_is_counted_over_its_processes(uvicorn: Running) -> None:
    before = uvicorn.cpu_seconds()

    result = measure(LoadPlan(uvicorn.url, (Shot("/healthz"),), users=2, requests=400, seconds=60))

    assert result.outcomes == {"200": 400}
    assert uvicorn.cpu_seconds() > before
    assert uvicorn.rss_bytes() > 2**24


def test_a_load_tells_what_it_sees_while_it_runs(uvicorn: Running) -> None:
    plan = LoadPlan(uvicorn.url, (Shot("/healthz"),), rate=50, seconds=0.6, every=0.2)

    *told, last = stream(plan)

    assert [set(event) >= {"at", "goodput", "p99"} for event in told] == [True] * len(told)
    assert len(told) >= 2
    assert last["result"]["sent"] == len(plan.times())


def test_after_the_block_no_process_is_left(settings: Settings) -> None:
    with serve("starlette", "uvicorn", settings) as running:
        tree = running.tree()
        assert all(process.is_running() for process in tree)
        assert 0 < running.start_seconds < START_SECONDS

    assert not any(psutil.pid_exists(process.pid) for process in tree)
    assert running.tree() == []


def test_an_application_that_does_not_start_shows_its_log(settings: Settings) -> None:
    with (
        pytest.raises(ServerFailed, match="KeyError: 'unknown'"),
        serve("unknown", "uvicorn", settings),
    ):
        pass


def test_a_server_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = ServerSpec("none", "asgi", "not_a_server", [])
    monkeypatch.setitem(servers(), "none", absent)

    with pytest.raises(ServerFailed, match="pip install not_a_server"), serve("starlette", "none"):
        pass


def test_servers_that_fork_are_not_offered_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    load("flask")  # imported before this machine claims to be another
    monkeypatch.setattr(sys, "platform", "win32")

    assert "needs fork" in servers()["gunicorn"].missing
    assert usual_server("wsgi") == "waitress"
    assert "waitress" in " ".join(command("flask", NEEDS, 8000))
