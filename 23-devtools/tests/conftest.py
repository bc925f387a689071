"""What the tests of this module share: temporary projects, repositories, and fake tools."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from velvet_devtools import bump

settings.register_profile("module", max_examples=40, deadline=None)
settings.load_profile("module")


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], list[str]]:
    """Make a program of one line of Python that says its version when asked."""

    def make(code: str, version: str = "99.0.0") -> list[str]:
        file = tmp_path / "fake_tool.py"
        ask = f"import sys\nif '--version' in sys.argv:\n    print('{version}'); sys.exit()\n"
        file.write_text(ask + code, encoding="utf-8")
        return [sys.executable, str(file)]

    return make


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a git repository of a package with a version, ready to be released."""
    root = tmp_path / "repository"
    package = root / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        '"""A shop."""\n\n__version__ = "1.2.3"\n', encoding="utf-8"
    )
    (root / "README.md").write_text("# Shop\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        '[project]\nname = "shop"\nversion = "1.2.3"\n\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/shop"]\n',
        encoding="utf-8",
    )
    bump.git(root, "init", "--quiet")
    bump.git(root, "add", "--all")
    bump.git(root, "commit", "--quiet", "-m", "feat: a shop")
    bump.git(root, "tag", "v1.2.3")
    return root
