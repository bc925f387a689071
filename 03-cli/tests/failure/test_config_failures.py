"""A configuration that changes, disappears or cannot be written while it is used."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from velvet_cli.config import ConfigNotFound, Files, load, write_value
from velvet_cli.config.toml_text import ATTEMPTS, read_whole
from velvet_cli.contract import Param

SPEC = (Param("first", type=int), Param("second", type=int))


def test_a_file_that_is_replaced_all_the_time_is_always_read_as_one_version(tmp_path: Path) -> None:
    path, replaced, ended = tmp_path / "config.toml", threading.Event(), threading.Event()
    path.write_text("first = 0\nsecond = 0\n", encoding="utf-8")

    def replace() -> None:
        for number in range(1, 10_000):
            if ended.is_set():
                return
            fresh = tmp_path / f"{number % 2}.new"
            fresh.write_text(f"first = {number}\n{'#' * 5000}\nsecond = {number}\n", "utf-8")
            try:
                fresh.replace(path)
            except PermissionError:  # Windows, while it is being read
                continue
            replaced.set()

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        assert replaced.wait(30)
        seen = [load(SPEC, files=Files(project=path)) for _ in range(150)]
    finally:
        ended.set()
        writer.join()

    assert all(settings["first"] == settings["second"] for settings in seen)
    assert seen[-1]["first"] > 0


class Rewritten(io.FileIO):
    """A file that is rewritten in place between its opening and its reading."""

    def __init__(self, path: Path, times: list[int]) -> None:
        super().__init__(path, "rb")
        self._path, self._times = path, times

    def read(self, size: int | None = -1, /) -> bytes:
        if self._times[0]:
            self._times[0] -= 1
            self._path.write_text("x" * (10 + self._times[0]), encoding="utf-8")
        return super().read(-1 if size is None else size)


def _opener(times: int) -> tuple[list[int], object]:
    left = [times]

    def open_file(path: Path) -> BinaryIO:
        return Rewritten(path, left)  # type: ignore[return-value]

    return left, open_file


def test_a_file_that_is_rewritten_in_place_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old", encoding="utf-8")
    _, open_file = _opener(2)

    content = read_whole(path, open_file=open_file)  # type: ignore[arg-type]

    assert content == b"x" * 10


def test_a_file_that_never_rests_is_given_up_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("old", encoding="utf-8")
    left, open_file = _opener(100)

    with pytest.raises(OSError, match="changed during each of 5 readings"):
        read_whole(path, open_file=open_file)  # type: ignore[arg-type]

    assert left == [100 - ATTEMPTS]


def test_a_folder_in_place_of_a_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"directory|denied"):
        load(SPEC, files=Files(project=tmp_path))
    with pytest.raises(ConfigNotFound, match=r"\(.*\): name a file, or leave --config out"):
        load(SPEC, files=Files(project=tmp_path, explicit=True))


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0,
    reason="root may write everywhere and Windows has no such modes: run as a user on POSIX",
)
def test_a_folder_that_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "closed" / "config.toml"
    path.parent.mkdir()
    path.write_text("first = 1\n", encoding="utf-8")
    path.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            write_value(path, SPEC[0], 2)
    finally:
        path.parent.chmod(0o700)

    assert path.read_text(encoding="utf-8") == "first = 1\n"


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("first = 1\n", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        write_value(path, SPEC[0], 2)

    assert path.read_text(encoding="utf-8") == "first = 1\n"
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
