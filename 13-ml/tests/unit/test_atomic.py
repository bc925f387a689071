"""A file has a name when it is whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from velvet_ml import atomic


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, seen = tmp_path / "new" / "file", []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(target.exists()))

    atomic.atomic_write(target, b"whole")
    atomic.atomic_write(target, b"anew")

    assert seen == [False, True]
    assert target.read_bytes() == b"anew"
    assert [*target.parent.iterdir()] == [target]


def test_a_lock_is_given_back_while_a_child_still_has_its_file(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl", reason="asks POSIX whether a lock is free")
    lock = atomic.FileLock(tmp_path / "lock")
    with lock:
        held: Any = lock._held
        inherited = os.dup(held[1].fileno())
    try:
        with lock.path.open("ab") as another:
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert lock._held is None
    finally:
        os.close(inherited)
