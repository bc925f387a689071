"""Production configurations are derived from what a deployment must carry."""

from __future__ import annotations

import pytest

from velvet_web.contenders import build, load, names
from velvet_web.production import Needs, options, settings_for, unit
from velvet_web.settings import Settings

BASE = Settings(dsn="/var/lib/board.db")


def test_littles_law_gives_the_places() -> None:
    assert Needs(rate=200, service_ms=50).concurrency == 10


@pytest.mark.parametrize("name", names())
def test_every_option_has_its_reason(name: str) -> None:
    found = options(name, Needs())

    assert len(found) >= 3
    assert all(option.reason and option.words for option in found)


@pytest.mark.parametrize("name", names())
def test_a_unit_names_the_limits_and_not_the_secret(name: str) -> None:
    needs = Needs(rate=400, cores=4)

    text = unit(name, needs, settings_for(name, needs, BASE))

    assert "VELVET_WEB_MAX_INFLIGHT=" in text
    assert f"TimeoutStopSec={needs.grace}" in text
    assert BASE.secret not in text


def test_a_unit_is_one_that_systemd_reads_and_a_client_reaches() -> None:
    base = Settings(dsn="/var/lib/board/board.db")

    lines = unit("fastapi", Needs(), settings_for("fastapi", Needs(), base)).splitlines()

    # systemd knows comments at the start of a line only: elsewhere they become part of the value.
    assert [line for line in lines if "#" in line[1:]] == []
    assert "StateDirectory=board" in lines, "the database lies in the one folder it may write to"
    assert "DynamicUser=yes" in lines
    environment = dict(
        line.removeprefix("Environment=").split("=", 1)
        for line in lines
        if line.startswith("Environment=VELVET")
    )
    found = Settings.from_env(environment)
    assert "board.example" in found.allowed_hosts
    assert found.drain_file in next(line for line in lines if line.startswith("ExecStop="))


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"cores": 0}, {"grace": 4}])
def test_needs_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"above 0|at least"):
        Needs(**wrong)  # type: ignore[arg-type]


def test_a_worker_gets_its_share_of_the_limits() -> None:
    needs = Needs(rate=100, service_ms=50, cores=2, deadline_ms=500, grace=5)

    waits, threads = settings_for("fastapi", needs, BASE), settings_for("flask", needs, BASE)

    assert (needs.concurrency, needs.queue) == (5, 20)
    assert (waits.max_inflight, waits.max_queue, waits.max_wait) == (3, 10, 0.25)
    assert (threads.max_inflight, threads.max_queue, threads.max_wait) == (4, 0, 0.25)
    assert Needs(rate=1, service_ms=1, deadline_ms=1).queue == 0


def test_an_unknown_front_end_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="known are django, fastapi"):
        load("tornado")
    with pytest.raises(ValueError, match="no contender 'x'"):
        build("x", BASE)
