"""No module and no room of the toolkit is larger than one reader can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from velvet import budget
from velvet.catalog import Module, modules

ROOT = Path(__file__).resolve().parent.parent
WORKING = [module for module in modules(ROOT) if module.state == "working"]


@pytest.mark.parametrize("module", WORKING, ids=lambda module: module.slug)
def test_a_module_is_within_its_budget(module: Module) -> None:
    assert [str(figure) for figure in budget.figures(module) if not figure.within] == []


def test_the_toolkit_is_within_its_budget() -> None:
    lines = budget.lines_of(budget.python_files(ROOT / "velvet"))

    assert lines <= budget.TOOLKIT_LINES


def test_no_file_of_the_toolkit_is_too_long_to_be_read() -> None:
    files = budget.python_files(ROOT / "velvet")

    assert [path.name for path in files if budget.lines_of([path]) > budget.LONG_FILE] == []


def test_the_root_readme_is_within_its_budget() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= budget.README_LINES
