"""Server processes, the user they run as, and the guard that outlives their owner."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from velvet.services import guard, process
from velvet.services.ladder import RungFailed
from velvet.services.process import (
    ServerProcess,
    end_server,
    give_to,
    owner_arguments,
    unprivileged_user,
)

posix = pytest.mark.skipif(os.name != "posix", reason="users, groups and signals are POSIX")
is_root = os.name == "posix" and os.geteuid() == 0
as_root = pytest.mark.skipif(not is_root, reason="only root may give files and processes away")

READY = "print('ready', flush=True); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {READY!r}])
print(child.pid, flush=True)
child.wait()
"""


def a_server(code: str, tmp_path: Path) -> ServerProcess:
    return ServerProcess([sys.executable, "-S", "-u", "-c", code], tmp_path)


def logged(server: ServerProcess) -> Path:
    return server.folder / "server.log"


@pytest.fixture
def running(
    tmp_path: Path, soon: Callable[[Callable[[], bool]], bool]
) -> Iterator[Callable[[str], ServerProcess]]:
    """Starts a process and waits for its first line."""
    started = []

    def start(code: str) -> ServerProcess:
        server = a_server(code, tmp_path)
        started.append(server)
        server.start()
        assert soon(lambda: logged(server).read_bytes().endswith(b"\n"))
        return server

    yield start

    for server in started:
        server.kill()


def test_a_process_has_an_id_only_while_it_runs(
    running: Callable[[str], ServerProcess], tmp_path: Path
) -> None:
    before = a_server(READY, tmp_path).pid
    server = running(READY)
    during = psutil.pid_exists(server.pid or 0)

    server.kill()

    assert (before, during, server.alive, server.pid) == (None, True, False, None)


def test_a_process_can_be_started_again_and_continues_its_log(
    running: Callable[[str], ServerProcess], soon: Callable[[Callable[[], bool]], bool]
) -> None:
    server = running(READY)
    first = server.pid
    server.kill()

    server.start()

    assert soon(lambda: logged(server).read_text(encoding="utf-8").split() == ["ready", "ready"])
    assert server.pid != first


def test_a_process_that_was_never_started_can_be_stopped_and_killed(tmp_path: Path) -> None:
    server = a_server(READY, tmp_path)

    server.stop()
    server.kill()

    assert server.pid is None


def test_a_program_that_is_missing_is_refused_in_one_sentence(tmp_path: Path) -> None:
    server = ServerProcess([str(tmp_path / "absent")], tmp_path)

    with pytest.raises(RungFailed, match=r"absent cannot be started: .+"):
        server.start()


@posix
def test_a_server_leads_a_session_of_its_own_so_that_ctrl_c_does_not_reach_it_first(
    running: Callable[[str], ServerProcess],
) -> None:
    server = running(READY)

    assert os.getsid(server.pid or 0) == server.pid


@posix
def test_a_process_writes_its_id_before_it_becomes_the_program(
    running: Callable[[str], ServerProcess],
) -> None:
    server = running(READY)

    assert list(guard.recorded(server.folder)) == [server.pid]


def test_a_given_environment_is_the_one_the_process_has(
    tmp_path: Path, soon: Callable[[Callable[[], bool]], bool]
) -> None:
    code = "import os; print(os.environ['VELVET_COLOUR'])"
    env = {**os.environ, "VELVET_COLOUR": "plum"}
    server = ServerProcess([sys.executable, "-c", code], tmp_path, env=env)

    server.start()

    assert server.process is not None
    assert server.process.wait() == 0
    assert logged(server).read_text(encoding="utf-8").strip() == "plum"


def test_stopping_ends_the_descendants_too(running: Callable[[str], ServerProcess]) -> None:
    server = running(PARENT)
    child = psutil.Process(int(logged(server).read_text(encoding="utf-8").split()[0]))

    server.stop()

    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_killing_ends_the_descendants_too(running: Callable[[str], ServerProcess]) -> None:
    server = running(PARENT)
    child = psutil.Process(int(logged(server).read_text(encoding="utf-8").split()[0]))

    server.kill()

    gone, alive = psutil.wait_procs([child], timeout=10)
    assert gone == [child]
    assert not alive


@posix
def test_a_process_that_ignores_the_polite_signal_is_ended_firmly(
    running: Callable[[str], ServerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.1)
    server = running(STUBBORN)

    server.stop()

    assert server.pid is None


def test_ending_a_process_that_is_gone_is_no_error() -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()

    end_server(ended.pid)

    assert not psutil.pid_exists(ended.pid)


def test_without_another_user_a_child_runs_as_we_do() -> None:
    assert owner_arguments(None) == {}


def test_another_users_child_has_none_of_our_groups() -> None:
    assert owner_arguments("nobody") == {"user": "nobody", "group": "nobody", "extra_groups": []}


@posix
def test_an_ordinary_user_runs_every_server_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert unprivileged_user() is None


@posix
def test_root_without_any_ordinary_user_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", unknown)

    with pytest.raises(RungFailed, match="neither a postgres nor a nobody user"):
        unprivileged_user()


@posix
def test_root_prefers_the_postgres_user_and_takes_nobody_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import pwd

    there = {"postgres", "nobody"}

    class Entry:
        def __init__(self, name: str) -> None:
            self.pw_name = name

    def known(name: str) -> Entry:
        if name not in there:
            raise KeyError(name)
        return Entry(name)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", known)
    first = unprivileged_user()
    there.remove("postgres")

    assert (first, unprivileged_user()) == ("postgres", "nobody")


def test_a_folder_stays_ours_when_there_is_nobody_to_give_it_to(tmp_path: Path) -> None:
    before = tmp_path.stat().st_uid

    give_to(tmp_path, None)

    assert tmp_path.stat().st_uid == before


@as_root
def test_a_folder_is_given_away_with_all_that_is_in_it(tmp_path: Path) -> None:
    import pwd

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")

    give_to(tmp_path, "nobody")

    nobody = pwd.getpwnam("nobody").pw_uid
    paths = (tmp_path, *tmp_path.rglob("*"))
    owners = {path.name: path.lstat().st_uid for path in paths}
    give_to(tmp_path, pwd.getpwuid(os.getuid()).pw_name)
    assert set(owners.values()) == {nobody}


def guarded(tmp_path: Path, pids: str) -> Path:
    folder = tmp_path / "velvet-guarded"
    (folder / "data").mkdir(parents=True)
    (folder / "pids").write_text(pids, encoding="ascii")
    return folder


@pytest.fixture
def _signals() -> Iterator[None]:
    """The guard ignores signals; this process must not go on doing so."""
    numbers = [signal.SIGTERM, signal.SIGINT]
    kept = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, kept, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_the_guard_leaves_everything_alone_after_a_clean_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: Callable[[str], ServerProcess]
) -> None:
    server = running(READY)
    folder = guarded(tmp_path, str(server.pid))
    monkeypatch.setattr(sys, "stdin", io.StringIO("done\n"))

    guard.main(folder)

    assert (folder.exists(), server.alive) == (True, True)


@pytest.mark.usefixtures("_signals")
def test_the_guard_ends_the_server_and_removes_its_folder_when_the_pipe_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: Callable[[str], ServerProcess]
) -> None:
    server = running(READY)
    folder = guarded(tmp_path, str(server.pid))
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    guard.main(folder)

    assert server.process is not None
    assert server.process.wait() != 0
    assert not folder.exists()


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("pids", ["", "not a number"])
def test_the_guard_removes_the_folder_also_when_no_process_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pids: str
) -> None:
    folder = guarded(tmp_path, pids)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    guard.main(folder)

    assert not folder.exists()


@pytest.mark.usefixtures("_signals")
def test_the_guard_gives_up_on_a_folder_that_resists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = guarded(tmp_path, "")
    attempts = []
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    monkeypatch.setattr(guard.shutil, "rmtree", lambda *words, **options: attempts.append(words))
    monkeypatch.setattr(guard.time, "sleep", lambda seconds: None)

    guard.main(folder)

    assert len(attempts) > 1


@posix
def test_the_guard_ends_the_group_that_a_server_leads_and_no_other(
    running: Callable[[str], ServerProcess],
) -> None:
    leader = running(PARENT)
    child = psutil.Process(int(logged(leader).read_text(encoding="utf-8").split()[0]))

    guard.end(leader.pid or 0)

    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@posix
def test_the_guard_ends_a_process_that_leads_no_group_alone() -> None:
    code = [sys.executable, "-S", "-c", READY]
    with subprocess.Popen(code, stdout=subprocess.PIPE) as member:
        assert member.stdout is not None
        member.stdout.readline()

        guard.end(member.pid)

        assert member.wait() == -signal.SIGKILL


@posix
def test_the_guard_shrugs_at_a_process_that_is_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()

    guard.end(ended.pid)

    assert not psutil.pid_exists(ended.pid)


@pytest.mark.skipif(os.name == "posix", reason="Windows has no process groups to signal")
def test_the_guard_ends_a_process_on_windows(running: Callable[[str], ServerProcess]) -> None:
    server = running(READY)

    guard.end(server.pid or 0)

    assert server.process is not None
    assert server.process.wait() != 0


def test_the_guard_tells_the_engine_to_remove_the_containers_of_a_project(engine: Any) -> None:
    guard.end_containers("velvet-abc")

    assert engine.calls() == [["compose", "-p", "velvet-abc", "down", "-v"]]


def test_the_guard_shrugs_at_an_engine_that_is_gone(programs: Any) -> None:
    guard.end_containers("velvet-abc")

    assert list(programs.folder.iterdir()) == []
