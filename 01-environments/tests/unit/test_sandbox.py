"""The folders of a sandbox."""

from __future__ import annotations

from pathlib import Path

from velvet_environments.sandbox import Sandbox


def test_a_sandbox_has_folders_of_its_own_from_the_start(tmp_path: Path) -> None:
    for _ in range(2):
        box = Sandbox(tmp_path / "box")
        assert box.home.is_dir()
        assert box.temp.is_dir()
