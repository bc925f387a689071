"""When a sort fails, is given up or killed, nothing is left on the disk and no output is halved."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet_algorithms import external, whole_file
from velvet_algorithms.external import external_sort, sort_file, unique_external


def lines(count: int) -> list[str]:
    return [f"{number * 7919 % 100_003:06}" for number in range(count)]


class FullDisk:
    """Files of which all together take `room` characters before the disk is full."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.opened: list[Any] = []

    def __call__(self, *args: Any, **options: Any) -> Any:
        file = tempfile.TemporaryFile(*args, **options)  # noqa: SIM115 - the sort closes it
        write = file.writelines

        def writelines(texts: Iterator[str]) -> None:
            for text in texts:
                self.room -= len(text)
                if self.room < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")
                write([text])

        file.writelines = writelines
        self.opened.append(file)
        return file


@pytest.mark.parametrize("room", [0, 50, 500])
def test_a_full_disk_leaves_no_run_behind(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(room)
    monkeypatch.setattr(external, "TemporaryFile", disk)

    with pytest.raises(OSError, match="No space left"):
        list(external_sort(lines(100), max_lines=10, tmpdir=tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert disk.opened
    assert all(file.closed for file in disk.opened)


def test_a_full_disk_leaves_the_former_output_untouched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("\n".join(lines(100)), encoding="utf-8")
    target.write_text("before\n", encoding="utf-8")
    monkeypatch.setattr(external, "TemporaryFile", FullDisk(100))

    with pytest.raises(OSError, match="No space left"):
        sort_file(source, target, max_lines=10)

    assert target.read_text(encoding="utf-8") == "before\n"
    assert {path.name for path in tmp_path.iterdir()} == {"in.txt", "out.txt"}


def test_a_sort_that_is_given_up_closes_its_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(10**9)
    monkeypatch.setattr(external, "TemporaryFile", disk)
    ordered = external_sort(lines(100), max_lines=10, tmpdir=tmp_path)
    first = next(ordered)

    ordered.close()  # type: ignore[attr-defined]

    assert first == min(lines(100))
    assert len(disk.opened) == 10
    assert all(file.closed for file in disk.opened)


@pytest.mark.parametrize("broken", ["input", "key"])
def test_an_error_of_the_input_or_the_key_passes_through(broken: str, tmp_path: Path) -> None:
    def rows() -> Iterator[str]:
        yield from lines(30)
        if broken == "input":
            raise ConnectionError("the sender went away")

    def key(line: str) -> str:
        if broken == "key" and line == lines(30)[25]:
            raise ConnectionError("the key went away")
        return line

    with pytest.raises(ConnectionError, match="went away"):
        list(external_sort(rows(), max_lines=10, tmpdir=tmp_path, key=key))

    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from velvet_algorithms.external import sort_file, external_sort

class Stop(str):
    pass

folder = Path(sys.argv[1])
if sys.argv[2] == "runs":
    ordered = external_sort((f"{n:06}" for n in range(1000, 0, -1)), max_lines=50, tmpdir=folder)
    next(ordered)
    print("ready", flush=True)
    sys.stdin.read()
else:
    from velvet_algorithms.whole_file import whole_file
    with whole_file(folder / "out.txt") as out:
        out.write("half of it")
        out.flush()
        print("ready", flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("phase", ["runs", "output"])
def test_a_killed_sort_leaves_nothing_behind(phase: str, tmp_path: Path) -> None:
    if phase == "output" and whole_file._nameless(tmp_path) is None:
        pytest.skip("no files without a name here; run it on Linux with ext4, xfs or tmpfs")
    (tmp_path / "out.txt").write_text("before\n", encoding="utf-8")

    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), phase],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        child.kill()

    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "before\n"


@pytest.fixture(params=["nameless", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    if request.param == "named":
        monkeypatch.setattr(whole_file, "_nameless", lambda folder: None)
    elif whole_file._nameless(tmp_path) is None:
        pytest.skip("no files without a name here; run it on Linux with ext4, xfs or tmpfs")
    return str(request.param)


def test_a_file_is_sorted_into_another_or_into_itself(way: str, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("b\nc\r\na", encoding="utf-8", newline="")

    spill = sort_file(source, tmp_path / "out.txt", max_lines=2)
    sort_file(source, source)

    assert spill.runs == 2
    assert (tmp_path / "out.txt").read_bytes() == b"a\nb\nc\r\n"
    assert source.read_bytes() == b"a\nb\nc\r\n"
    assert {path.name for path in tmp_path.iterdir()} == {"in.txt", "out.txt"}


def test_an_error_within_the_block_keeps_the_former_file(way: str, tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("before\n", encoding="utf-8")

    def interrupted() -> None:
        with whole_file.whole_file(target) as out:
            out.write("after\n")
            raise KeyError("on the way")

    with pytest.raises(KeyError):
        interrupted()

    assert target.read_text(encoding="utf-8") == "before\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX; run it there")
def test_a_file_that_is_replaced_keeps_its_mode(way: str, tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    target.write_text("before\n", encoding="utf-8")
    target.chmod(0o640)

    with whole_file.whole_file(target) as out:
        out.write("after\n")

    with whole_file.whole_file(tmp_path / "new.txt") as out:
        out.write("new\n")
    (tmp_path / "usual.txt").touch()

    assert target.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "usual.txt").stat().st_mode


def test_names_that_are_taken_are_passed_over(way: str, tmp_path: Path) -> None:
    taken = tmp_path / f".out.txt.{os.getpid()}.0"
    taken.write_text("mine", encoding="utf-8")

    with whole_file.whole_file(tmp_path / "out.txt") as out:
        out.write("after\n")

    assert taken.read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "after\n"


def test_when_all_names_are_taken_the_former_file_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if whole_file._nameless(tmp_path) is None:
        pytest.skip("no files without a name here; run it on Linux with ext4, xfs or tmpfs")
    monkeypatch.setattr(whole_file, "_FEW_TRIES", 0)

    with (
        pytest.raises(FileExistsError, match="are taken"),
        whole_file.whole_file(tmp_path / "out.txt") as out,
    ):
        out.write("after\n")

    assert list(tmp_path.iterdir()) == []


def test_a_system_without_nameless_files_is_known_by_its_missing_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)

    assert whole_file._nameless(tmp_path) is None


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file.whole_file(tmp_path / "no" / "out.txt"):
        pass


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_lines": 0}, "max_lines must be at least 1, got 0"),
        ({"max_bytes": 0}, "max_bytes must be at least 1, got 0"),
        ({"max_lines": 1, "max_bytes": 1}, "not both"),
    ],
)
def test_impossible_limits_are_refused_before_anything_is_read(
    options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        external_sort(["a"], **options)


def test_a_line_end_within_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must not hold a line end, got 'b\\n'"):
        list(unique_external(["a", "b\n"]))
