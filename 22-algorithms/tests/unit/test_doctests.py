"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

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
