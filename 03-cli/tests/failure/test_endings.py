"""Programs that are hurt at bad moments: what is left must be whole, and the code must say why."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from velvet_cli import contenders
from velvet_cli.comparisons.running import (
    clean_environment,
    invoke,
    run_on_pty,
    run_process,
    send,
    started,
    wait_for,
)
from velvet_cli.exits import pipe_code
from velvet_cli.files import FileLock
from velvet_cli.store import TaskStore

POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="POSIX signals, pipes and devices: run on Linux or macOS"
)
# Long enough for most moments to fall into the reading, the checking and the writing.
LINES = 10_000


def words(*argv: str, name: str = "argparse") -> list[str]:
    return contenders.words(name, *argv)


def count(path: Path) -> int:
    content = path.read_bytes()
    assert content.endswith(b"\n")
    return content.count(b"\n")


def end(child: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, err = child.communicate(timeout=30)
    return child.returncode, err.decode()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return clean_environment(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> TaskStore:
    """A store with one task."""
    found = TaskStore(tmp_path / "tasks.jsonl", clock=lambda: 1.0)
    found.add("before")
    return found


@POSIX
@pytest.mark.parametrize(("signum", "moments"), [(signal.SIGINT, 20), (9, 10)])
def test_an_import_that_is_broken_off_at_any_moment_changes_all_or_nothing(
    signum: int, moments: int, store: TaskStore, env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "lines").write_text("\n".join(map(str, range(LINES))), encoding="utf-8")
    argv = words("--quiet", "import", "lines")
    began = time.monotonic()
    assert run_process(argv, env=env, folder=tmp_path).exit == 0
    whole, after = time.monotonic() - began, store.path.read_bytes()
    before = after[: after.index(b"\n") + 1]
    chosen = random.Random(3)
    codes = set()

    for _ in range(moments):
        store.path.write_bytes(before)
        with started(argv, env=env, folder=tmp_path) as child:
            # The moment is what the test is about, not a wait for something to happen.
            time.sleep(chosen.uniform(0, whole))
            send(child, signum)
            codes.add(end(child)[0])

        # The time of creation differs between two imports; the numbers of lines do not.
        assert store.path.read_bytes() == before or count(store.path) == LINES + 1

    assert codes <= {0, 1, 130, -signal.SIGINT, -9}
    if signum == signal.SIGINT:
        assert not list(tmp_path.glob("*.tmp"))


@POSIX
@pytest.mark.parametrize("read", [0, 1, 4096, 70_000, 140_000])
def test_a_reader_that_leaves_after_some_bytes_ends_the_writer_silently(
    read: int, env: dict[str, str], tmp_path: Path
) -> None:
    TaskStore(tmp_path / "tasks.jsonl").import_lines(str(n) for n in range(4000))

    with started(words("export", "-f", "ndjson"), env=env, folder=tmp_path) as child:
        assert child.stdout is not None
        assert len(child.stdout.read(read)) == read
        child.stdout.close()
        assert child.stderr is not None
        complaint = child.stderr.read()
        code = child.wait(30)

    assert (code, complaint) == (pipe_code(), b"")


@POSIX
def test_a_pipeline_of_a_real_shell_shows_the_code(env: dict[str, str], tmp_path: Path) -> None:
    TaskStore(tmp_path / "tasks.jsonl").import_lines(str(n) for n in range(4000))
    line = f'{" ".join(words("export", "-f", "tsv"))} | head -n 1; echo "${{PIPESTATUS[@]}}"'

    result = run_process(["bash", "-c", line], env=env, folder=tmp_path)

    assert result.out.splitlines() == ["id\ttitle\tpriority\ttags\tdone\tcreated", "141 0"]
    assert result.err == ""


@POSIX
@pytest.mark.parametrize(
    ("closing", "argv", "code", "says"),
    [
        ("0<&-", ("import", "-"), 66, "standard input is closed"),
        ("1>&-", ("list",), 74, "standard output is closed"),
        ("2>&-", ("done", "9"), 1, ""),
        (">/dev/full", ("list",), 74, "No space left"),
        (">/dev/full", ("list", "-f", "json"), 74, "No space left"),
    ],
)
def test_descriptors_that_are_closed_or_full_have_a_code(
    closing: str, argv: tuple[str, ...], code: int, says: str, env: dict[str, str], tmp_path: Path
) -> None:
    if "full" in closing and not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system: run on Linux")

    result = run_process(
        ["bash", "-c", f"{' '.join(words(*argv))} {closing}"], env=env, folder=tmp_path
    )

    assert result.exit == code, result.err
    assert says in result.err
    assert "Traceback" not in result.err
    assert "Exception ignored" not in result.err


@POSIX
def test_a_full_disk_leaves_no_file_behind(env: dict[str, str], tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system: run on Linux")

    result = run_process(words("export", "-o", "/dev/full"), env=env, folder=tmp_path)

    assert (result.exit, "No space left" in result.err) == (74, True)
    assert Path("/dev/full").is_char_device()


def test_a_store_that_another_process_holds_is_busy(tmp_path: Path, env: dict[str, str]) -> None:
    lock = FileLock(tmp_path / "tasks.jsonl.lock", timeout=0)

    with lock:
        result = run_process(words("add", "x"), env=env, folder=tmp_path)

    assert result.exit == 75
    assert "is held by another process" in result.err
    assert "hint: try again" in result.err


def test_a_corrupt_store_is_named_and_kept(tmp_path: Path, env: dict[str, str]) -> None:
    path = tmp_path / "tasks.jsonl"
    good = '{"id": 1, "title": "a"}\n'
    path.write_text(f"{good}{good.replace('1', '2')}oops\n", encoding="utf-8")
    before = path.read_bytes()

    result = run_process(words("add", "x"), env=env, folder=tmp_path)

    assert (result.exit, "tasks.jsonl:3: not a task" in result.err) == (65, True)
    assert path.read_bytes() == before


@POSIX
@pytest.mark.parametrize(
    ("signals", "linger", "code"),
    [
        ((signal.SIGINT,), 0, 130),
        ((signal.SIGTERM,), 0, 143),
        ((signal.SIGTERM, signal.SIGINT), 20, 143),
    ],
)
def test_work_that_is_stopped_removes_its_marker_and_keeps_the_store(
    signals: tuple[int, ...],
    linger: int,
    code: int,
    store: TaskStore,
    env: dict[str, str],
    tmp_path: Path,
) -> None:
    marker = tmp_path / "tasks.jsonl.working"

    with started(words("work", "30", "--linger", str(linger)), env=env, folder=tmp_path) as child:
        assert wait_for(marker, child)
        send(child, signals[0])
        if linger:
            assert wait_for(tmp_path / "tasks.jsonl.cleaning", child)
            send(child, signals[1])
        assert end(child) == (code, "")

    assert not list(tmp_path.glob("tasks.jsonl.[wc]*"))
    assert [task.title for task in store] == ["before"]


@POSIX
def test_a_home_that_cannot_be_written_is_an_error_of_writing(tmp_path: Path) -> None:
    (tmp_path / "xdg").write_text("a file where a folder is needed", encoding="utf-8")

    result = invoke("argparse", ["config", "set", "limit", "3"], "subprocess", folder=tmp_path)

    assert result.exit == 74
    assert "Traceback" not in result.err


@pytest.mark.skipif(sys.platform == "win32", reason="no pty in Windows' standard library")
def test_a_terminal_gets_a_bold_header_and_a_pipe_does_not(tmp_path: Path) -> None:
    seen = invoke("argparse", ["list"], "pty", folder=tmp_path)
    plain = invoke("argparse", ["list"], "subprocess", folder=tmp_path)

    assert seen.tty.startswith(b"\x1b[1mid")
    assert seen.tty.endswith(b"\r\n")
    assert plain.out == "id  title  priority  tags  done  created\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect.spawn needs a POSIX terminal")
def test_ctrl_c_typed_at_a_terminal_ends_the_work(tmp_path: Path, env: dict[str, str]) -> None:
    import pexpect

    argv = words("work", "30")
    child = pexpect.spawn(argv[0], argv[1:], env=env, cwd=str(tmp_path), timeout=30)
    marker, until = tmp_path / "tasks.jsonl.working", time.monotonic() + 30
    while not marker.exists() and time.monotonic() < until:
        time.sleep(0.01)

    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()

    assert (child.exitstatus, child.signalstatus) == (130, None)
    assert not marker.exists()


@pytest.fixture
def _ignoring() -> Iterator[None]:
    """Ignore Ctrl-C, as a background job of a shell does, whose children inherit that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@POSIX
@pytest.mark.usefixtures("_ignoring")
def test_a_child_hears_ctrl_c_even_where_its_parent_ignores_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    with started(words("work", "30"), env=env, folder=tmp_path) as child:
        assert wait_for(tmp_path / "tasks.jsonl.working", child)
        send(child, signal.SIGINT)
        assert end(child) == (130, "")


@POSIX
@pytest.mark.usefixtures("_ignoring")
def test_a_program_that_is_missing_is_told_where_its_parent_ignores_ctrl_c(
    env: dict[str, str], tmp_path: Path
) -> None:
    with (
        pytest.raises(FileNotFoundError, match="no such program: nothing"),
        started(["nothing"], env=env, folder=tmp_path),
    ):
        pytest.fail("it started")


@POSIX
def test_a_terminal_without_a_program_is_closed_again(env: dict[str, str], tmp_path: Path) -> None:
    before = os.pipe()
    for each in before:
        os.close(each)

    with pytest.raises(FileNotFoundError):
        run_on_pty(["no-such-program"], env=env, folder=tmp_path)

    after = os.pipe()
    for each in after:
        os.close(each)
    assert after == before


def test_a_child_that_is_forgotten_is_killed(env: dict[str, str], tmp_path: Path) -> None:
    with started(words("work", "300"), env=env, folder=tmp_path) as child:
        pass

    assert child.returncode != 0
    assert not wait_for(tmp_path / "never", child)
