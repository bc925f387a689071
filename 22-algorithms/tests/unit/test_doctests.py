"""The examples in docstrings are true, and no file is longer than can be read at once."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import velvet_algorithms

MODULES = [
    found.name
    for found in pkgutil.walk_packages(velvet_algorithms.__path__, "velvet_algorithms.")
    if not found.ispkg and "families" not in found.name
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_docstring_are_true(name: str) -> None:
    module = importlib.import_module(name)

    results = doctest.testmod(module)

    assert results.failed == 0


def test_no_file_is_longer_than_190_lines() -> None:
    root = Path(velvet_algorithms.__path__[0])
    lengths = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in root.rglob("*.py")
    }

    assert len(lengths) > 100
    assert [f"{name}: {lines}" for name, lines in lengths.items() if lines > 190] == []
