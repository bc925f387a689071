"""When a sort fails, is given up or killed, nothing is left on the disk and no output is halved."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from velvet_algorithms import external
from velvet_algorithms.external import external_sort


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
