"""Every mutation engine really runs on a project of two files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from velvet_testing import contenders

SOURCE = "def positive(n):\n    return n > 0\n"
TESTS = """from small import positive


def test_positive():
    assert positive(1)
    assert not positive(-1)
"""
MISSING = {
    "mutmut": "pip install -r requirements-peers.txt",
    "cosmic_ray": "pip install cosmic-ray",
}


def why_not(name: str) -> str:
    """Return why an engine cannot run here; empty when it can."""
    if name in MISSING and importlib.util.find_spec(name) is None:
        return f"{name} is not here: {MISSING[name]}"
    forks = name in ("mutmut", "own_fork")
    return f"{name} needs fork" if forks and sys.platform != "linux" else ""


@pytest.mark.parametrize("name", contenders.NAMES)
def test_an_engine_kills_some_of_the_mutants_of_a_weak_suite(name: str, tmp_path: Path) -> None:
    if reason := why_not(name):
        pytest.skip(reason)
    project = contenders.Project(tmp_path, "small")
    for path, text in ((project.source, SOURCE), (project.tests, TESTS)):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")

    result = contenders.load(name).mutate(project)

    assert result.mutants >= 2
    assert 0 < result.score < 1
    assert result.cpu_per_mutant > 0
    assert project.source.read_text(encoding="utf-8") == SOURCE


def test_an_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="choose one of cosmic_ray, mutmut"):
        contenders.load("hope")
