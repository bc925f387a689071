"""State files: who owns which server, and what happens after a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from velvet import processes
from velvet.errors import VelvetError
from velvet.processes import remove
from velvet.services import own
from velvet.services.ladder import RungFailed, Server
from velvet.services.own import (
    Lease,
    clean,
    discard,
    others_may_reach,
    records,
    running,
    serve,
    server_pids,
    state_folder,
)

READY = "import time; time.sleep(600)"
posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes of folders are POSIX")


def gone() -> int:
    """The id of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    return ended.pid


def ready(_url: str) -> str:
    return "Fake 1"


@pytest.fixture
def sleeper() -> Callable[[], Server]:
    """Starts a stand-in for a server: a process with a folder, and no port."""

    def start() -> Server:
        url = "redis://:secret@127.0.0.1:1/0"
        with Lease("redis") as lease:
            return serve(lease, "binary", [sys.executable, "-S", "-c", READY], url, ready)

    return start


def crashed(**changes: Any) -> Path:
    """Write the state file of a server whose owner is gone, and return its data folder."""
    folder = Path(tempfile.mkdtemp(prefix="velvet-re-"))
    state = {
        "name": "redis",
        "url": "redis://127.0.0.1:1/0",
        "version": "Fake 1",
        "rung": "binary",
        "notes": [],
        "folder": str(folder),
        "project": "",
        "owner": gone(),
        "owner_born": 1.0,
        **changes,
    }
    (state_folder() / f"{folder.name}.json").write_text(json.dumps(state), encoding="utf-8")
    return folder


def test_a_server_of_ours_is_recorded_while_it_runs_and_forgotten_afterwards(
    sleeper: Callable[[], Server],
) -> None:
    server = sleeper()

    [(_, state)] = records()
    server.stop()

    assert (state["name"], state["owner"]) == ("redis", os.getpid())
    assert records() == []


@posix
def test_a_state_file_which_may_hold_a_password_is_readable_by_its_owner_only(
    sleeper: Callable[[], Server],
) -> None:
    with sleeper():
        [(path, _)] = records()

        modes = (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)

    assert modes == (0o600, 0o700)


def test_a_folder_is_recorded_and_guarded_before_its_server_starts(
    soon: Callable[[Callable[[], bool]], bool], lab: Any
) -> None:
    code = (
        "import sys\nfrom velvet.services.own import Lease\n"
        "print(Lease('redis').folder, flush=True)\nsys.stdin.readline()\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().decode().strip())
        before = (folder.is_dir(), [state["folder"] for _, state in records()])
        holder.kill()

    assert before == (True, [str(folder)])
    assert soon(lambda: not folder.exists())
    assert clean() == ["redis"]


def test_a_lease_whose_server_does_not_start_leaves_nothing(lab: Any) -> None:
    def serve_nothing() -> None:
        with Lease("redis"):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve_nothing()

    assert records() == []


def test_a_restart_records_the_new_process(
    sleeper: Callable[[], Server], soon: Callable[[Callable[[], bool]], bool]
) -> None:
    with sleeper() as server:
        server.kill()
        server.restart()

        assert soon(lambda: server_pids(server.folder or Path()) == [server.pid])


def test_a_running_server_of_a_living_owner_is_not_cleaned(sleeper: Callable[[], Server]) -> None:
    with sleeper() as server:
        assert clean() == []
        assert server.pid is not None


def test_a_kept_server_survives_a_cleaning_until_it_is_discarded(
    sleeper: Callable[[], Server],
) -> None:
    server = sleeper()
    server.hooks.keep()
    cleaned = clean()
    [(path, state)] = records()
    was_running = running(state)

    discard(path, state)

    assert (cleaned, state["owner"], was_running, server.pid) == ([], None, True, None)


def test_a_kept_server_that_ended_by_itself_is_cleaned(sleeper: Callable[[], Server]) -> None:
    server = sleeper()
    server.hooks.keep()
    server.kill()

    assert clean() == ["redis"]
    assert server.folder is not None
    assert not server.folder.exists()


def test_what_a_crashed_owner_and_a_crashed_guard_left_is_cleaned_by_the_next_call() -> None:
    folder = crashed()
    with subprocess.Popen([sys.executable, "-S", "-c", READY]) as server:
        (folder / "pids").write_text(str(server.pid), encoding="ascii")

        cleaned = clean()

        assert not psutil.pid_exists(server.pid)
    assert (cleaned, folder.exists(), records()) == (["redis"], False, [])


def test_a_process_that_only_reuses_the_id_of_a_server_is_left_alone() -> None:
    folder = crashed()
    (folder / "pids").write_text(str(os.getpid()), encoding="ascii")
    os.utime(folder / "pids", (1.0, 1.0))

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

    with pytest.raises(VelvetError, match="belongs to another user; remove it or set TMPDIR"):
        records()


@posix
def test_a_state_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = state_folder()
    folder.rmdir()
    folder.symlink_to(tmp_path)

    with pytest.raises(VelvetError, match="belongs to another user"):
        records()

    folder.unlink()


def test_the_state_folder_lies_where_the_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VELVET_STATE_DIR", str(tmp_path / "shared"))

    assert state_folder().parent == tmp_path / "shared"


@posix
def test_a_unix_socket_in_a_servers_folder_stays_below_100_bytes_however_deep_the_temporary_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    lease = Lease("postgres")

    lease.end()
    assert len(os.fsencode(lease.folder / ".s.PGSQL.65535.lock")) < 100


@posix
def test_a_folder_for_another_user_leaves_a_temporary_one_that_is_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))

    ours, theirs = Lease("redis"), Lease("redis", user="nobody")

    ours.end(), theirs.end()
    assert ours.folder.parent == (closed if len(str(closed)) <= 60 else Path("/tmp"))
    assert theirs.folder.parent == Path("/tmp")


@posix
def test_a_user_who_can_enter_no_temporary_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "others_may_reach", lambda folder: False)

    with pytest.raises(RungFailed, match=r"user nobody may not enter .*: set TMPDIR"):
        Lease("redis", user="nobody")


@posix
def test_a_folder_below_a_private_one_is_out_of_others_reach(lab: Any) -> None:
    private = lab.folder / "velvet-private"
    (private / "bin").mkdir(parents=True)
    (private / "bin").chmod(0o755)
    private.chmod(0o700)
    closed = others_may_reach(private / "bin")
    private.chmod(0o711)

    opened = others_may_reach(private / "bin")

    remove(private)
    assert (closed, opened) == (False, True)


def test_removing_a_folder_that_resists_gives_up_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []
    monkeypatch.setattr(processes.shutil, "rmtree", lambda *words, **more: attempts.append(words))
    monkeypatch.setattr(processes, "PAUSE_S", 0)

    remove(tmp_path)

    assert len(attempts) > 1
