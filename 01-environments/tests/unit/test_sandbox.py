"""The folders of a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet_environments.errors import ToolFailed
from velvet_environments.sandbox import Outcome, Sandbox


def test_a_sandbox_has_folders_of_its_own_from_the_start(tmp_path: Path) -> None:
    for _ in range(2):
        box = Sandbox(tmp_path / "box")
        assert box.home.is_dir()
        assert box.temp.is_dir()


def test_a_failure_ends_with_the_last_lines_of_the_tool() -> None:
    lines = [f"line {number}" for number in range(10)]
    failed = Outcome(("/bin/pip", "install", "demo"), 1, 0.0, "\n".join(lines), "")

    with pytest.raises(ToolFailed) as caught:
        failed.demand()

    assert str(caught.value) == "pip install demo ended with 1: " + " | ".join(lines[2:])
