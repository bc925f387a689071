"""A file has a name when it is whole."""

from __future__ import annotations

import os
from pathlib import Path

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
