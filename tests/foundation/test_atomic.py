"""A file is replaced whole, with its mode, behind its symlink, or not at all."""

from __future__ import annotations

import os
import sys

import pytest

from velvet.atomic import atomic_write
from velvet.errors import VelvetError


def test_writing_replaces_a_file_whole(tmp_path):
    file = tmp_path / "text"
    atomic_write(file, "first, which was longer")

    atomic_write(file, "second")

    assert file.read_text(encoding="utf-8") == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_keeps_its_mode(tmp_path):
    file = tmp_path / "private"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o600)

    atomic_write(file, "new")

    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_a_symlink_stays_one_and_its_target_is_new(tmp_path):
    target = tmp_path / "elsewhere"
    target.write_text("old", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to(target)

    atomic_write(link, "new")

    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"


def test_a_folder_that_is_a_file_cannot_be_written_to(tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")

    with pytest.raises(VelvetError, match="cannot be written"):
        atomic_write(tmp_path / "taken" / "local.json", "text")


@pytest.mark.skipif(
    getattr(os, "geteuid", int)() == 0, reason="permissions bind neither root nor Windows"
)
def test_a_folder_without_write_permission_is_left_as_it_was(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(VelvetError, match="cannot be written: Permission denied"):
            atomic_write(tmp_path / "local.json", "text")
        assert list(tmp_path.iterdir()) == []
    finally:
        tmp_path.chmod(0o700)
