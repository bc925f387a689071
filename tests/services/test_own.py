"""State files: who owns which server, and what happens after a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from velvet.errors import VelvetError
from velvet.services import own
from velvet.services.ladder import Hooks, Server, private_folder
from velvet.services.own import adopt, clean, discard, records, running, state_folder
from velvet.services.process import ServerProcess

READY = "import time; time.sleep(600)"
posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes of folders are POSIX")


def gone() -> int:
    """The id of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    return ended.pid


@pytest.fixture
def sleeper() -> Callable[[], Server]:
    """Starts a stand-in for a server: a process with a folder, and no port."""

    def start() -> Server:
        folder = private_folder("redis")
        process = ServerProcess([sys.executable, "-S", "-c", READY], folder / "server.log")

        def begin() -> str:
            process.start()
            return "Fake 1"

        version = begin()
        hooks = Hooks(begin, process.stop, process.kill, lambda: process.pid)
        url = "redis://:secret@127.0.0.1:1/0"
        return Server("redis", url, version, "binary", hooks, folder, ("fsync=off",))

    return start


def crashed(**changes: Any) -> Path:
    """Write the state file of a server whose owner is gone, and return its data folder."""
    folder = private_folder("redis")
    state = {
        "name": "redis",
        "url": "redis://127.0.0.1:1/0",
        "version": "Fake 1",
        "rung": "binary",
        "notes": [],
        "folder": str(folder),
        "pid": gone(),
        "born": 1.0,
        "owner": gone(),
        "owner_born": 1.0,
        **changes,
    }
    (state_folder() / f"redis-{folder.name}.json").write_text(json.dumps(state), encoding="utf-8")
    return folder


def test_a_server_of_ours_is_recorded_while_it_runs_and_forgotten_afterwards(
    sleeper: Callable[[], Server],
) -> None:
    server = adopt(sleeper(), keep=False)
    pid = server.pid

    [(_, state)] = records()
    server.stop()

    assert (state["name"], state["pid"], state["owner"]) == ("redis", pid, os.getpid())
    assert state["notes"] == ["fsync=off"]
    assert records() == []


@posix
def test_a_state_file_which_may_hold_a_password_is_readable_by_its_owner_only(
    sleeper: Callable[[], Server],
) -> None:
    with adopt(sleeper(), keep=False):
        [(path, _)] = records()

        modes = (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)

    assert modes == (0o600, 0o700)


def test_a_restart_records_the_new_process(sleeper: Callable[[], Server]) -> None:
    with adopt(sleeper(), keep=False) as server:
        server.kill()
        server.restart()

        [(_, state)] = records()
        pids = (server.folder or Path()).joinpath("pids").read_text(encoding="ascii")

        assert (state["pid"], pids) == (server.pid, str(server.pid))


def test_a_server_without_a_way_to_start_it_again_can_be_adopted(
    sleeper: Callable[[], Server],
) -> None:
    server = sleeper()
    server.hooks.start = None

    with adopt(server, keep=False):
        assert len(records()) == 1


def test_a_running_server_of_a_living_owner_is_not_cleaned(sleeper: Callable[[], Server]) -> None:
    with adopt(sleeper(), keep=False) as server:
        assert clean() == []
        assert server.pid is not None


def test_a_kept_server_survives_a_cleaning_until_it_is_discarded(
    sleeper: Callable[[], Server],
) -> None:
    server = adopt(sleeper(), keep=True)
    cleaned = clean()
    [(path, state)] = records()
    was_running = running(state)

    discard(path, state)

    assert (cleaned, state["owner"], was_running, server.pid) == ([], None, True, None)


def test_a_kept_server_that_ended_by_itself_is_cleaned(sleeper: Callable[[], Server]) -> None:
    server = adopt(sleeper(), keep=True)
    server.kill()

    assert clean() == ["redis"]
    assert server.folder is not None
    assert not server.folder.exists()


def test_what_a_crashed_owner_left_is_cleaned_by_the_next_call(
    sleeper: Callable[[], Server],
) -> None:
    server = sleeper()
    assert server.pid is not None
    born = psutil.Process(server.pid).create_time()
    crashed(pid=server.pid, born=born, folder=str(server.folder))

    cleaned = clean()

    assert (cleaned, server.pid, records()) == (["redis"], None, [])
    for folder in Path(state_folder()).parent.glob("velvet-re-*"):
        folder.rmdir()


def test_a_process_that_only_reuses_the_id_of_a_server_is_left_alone() -> None:
    folder = crashed(pid=os.getpid(), born=1.0)

    cleaned = clean()

    assert (cleaned, folder.exists()) == (["redis"], False)


def test_an_owner_whose_id_was_reused_counts_as_gone() -> None:
    crashed(owner=os.getpid(), owner_born=1.0)

    assert clean() == ["redis"]


def test_a_state_file_cannot_make_us_remove_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    crashed(folder=str(precious)).rmdir()

    clean()

    assert precious.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"redis"', "{}", '{"name": "redis"}', "\x00\x01"]
)
def test_a_damaged_state_file_is_removed_and_breaks_nothing(text: str) -> None:
    path = state_folder() / "redis-damaged.json"
    path.write_text(text, encoding="utf-8")

    cleaned = clean()

    assert (cleaned, path.exists()) == ([], False)


def test_a_state_file_in_another_encoding_is_removed() -> None:
    path = state_folder() / "redis-damaged.json"
    path.write_bytes(b"\xff\xfe{}")

    assert (records(), path.exists()) == ([], False)


def test_a_state_file_that_another_call_removed_meanwhile_is_no_error() -> None:
    crashed()
    [(path, state)] = records()
    path.unlink()

    discard(path, state)

    assert records() == []


@posix
def test_the_state_folder_does_not_depend_on_what_the_environment_calls_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = state_folder()

    monkeypatch.setenv("LOGNAME", "someone")
    monkeypatch.setenv("USER", "someone")

    assert state_folder() == before


@posix
def test_a_state_folder_that_another_user_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = state_folder()
    real = os.getuid()
    folder.rename(folder.with_name(f"velvet-services-{real + 1}"))
    monkeypatch.setattr(own.os, "getuid", lambda: real + 1)

    with pytest.raises(VelvetError, match="belongs to someone else; remove it or set TMPDIR"):
        records()


@posix
def test_a_state_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = state_folder()
    folder.rmdir()
    folder.symlink_to(tmp_path)

    with pytest.raises(VelvetError, match="belongs to someone else"):
        records()

    folder.unlink()
