"""What the tests of the command share: the command in this process, and repositories of paper."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from velvet import catalog
from velvet.bench import results as stored
from velvet.cli import main

Velvet = Callable[..., Result]
MODULE_TOML = """\
    title = "Tiny Things"
    phase = 2
    difficulty = "Beginner"
    hours = 1
    question = "How small can a module be?"
    summary = "As small as this."
"""
BASIC = '''\
"""Basic."""

from velvet.examples import example, main


@example("hello")
def hello() -> None:
    """Shows a greeting."""
    print("hello from", "basic")


if __name__ == "__main__":
    main()
'''
MEASURE = '''\
"""One comparison of two contenders."""

from velvet.bench import Suite, speedup
from velvet.bench.command import main

suite = Suite("30-tiny", __file__)
adding = suite.comparison("adding", unit="us", title="Add numbers", sizes={"n": [10, 100]})

adding.add("loop", lambda n: lambda: [number for number in range(n)][-1], baseline=True)
adding.add("built_in", lambda n: lambda: n - 1)
adding.same_result()
suite.claim("the built-in wins", speedup("adding", "built_in", "loop", n=100) >= 1.5)

if __name__ == "__main__":
    main(suite)
'''


class Paper:
    """A repository in a temporary folder, with modules as small as a test needs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "velvet").mkdir()
        self.write("pyproject.toml", '[project]\nname = "paper"\n')

    def write(self, name: str, text: str) -> Path:
        """Write one file, making its folders."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def module(self, slug: str = "30-tiny", *, services: str = "[]", whole: bool = True) -> Path:
        """Add a module; a whole one has every part."""
        toml = textwrap.dedent(MODULE_TOML) + f"services = {services}\n"
        self.write(f"{slug}/module.toml", toml)
        if whole:
            for level in ("basic", "intermediate", "advanced"):
                self.write(f"{slug}/examples/{level}.py", BASIC.replace("basic", level))
            self.write(f"{slug}/benchmarks/measure.py", MEASURE.replace("30-tiny", slug))
            self.write(f"{slug}/app.py", "import streamlit as st\nst.title('tiny')\n")
            self.write(f"{slug}/requirements.txt", "")
            self.write(f"{slug}/README.md", "# Tiny\n")
            package = "velvet_" + slug[3:].replace("-", "_")
            self.write(f"{slug}/src/{package}/__init__.py", '"""Tiny."""\n')
            (self.root / slug / "tests").mkdir()
        return self.root / slug


@pytest.fixture
def velvet() -> Velvet:
    """Run the command in this process."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), prog_name="velvet")

    return run


@pytest.fixture
def paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paper:
    """An empty repository, which the command takes for its own."""
    root = tmp_path / "clone"
    root.mkdir()
    monkeypatch.setattr(catalog, "repository", lambda start=None: root)
    return Paper(root)


def _entry(contender: str, size: int, /, **more: Any) -> dict[str, Any]:
    where = {"bench": "adding", "contender": contender, "size": {"n": size}, "kind": "micro"}
    return where | {"metric": "time"} | more


_MACHINE = {
    "os": "Linux",
    "cpu": "Paper CPU",
    "usable_cores": 2,
    "ram_gb": 4.0,
    "python": "3.12.1",
    "implementation": "CPython",
    "git": {"commit": None, "dirty": None},
}
_PART = {
    "text": "speedup(built_in over loop, adding, n=100)",
    "bound": ">= 1.5",
    "verdict": "HOLDS",
    "reason": "",
    "value": 8.0,
    "lo": 7.5,
    "hi": 8.5,
    "n": 5,
}
_RESULTS: dict[str, Any] = {
    "schema": stored.SCHEMA,
    "suite": "30-tiny",
    "created": "2026-01-02T03:04:05+00:00",
    "duration_s": 2.5,
    "options": {"tier": "default", "seed": 1},
    "machine": _MACHINE,
    "noise": {"index": 1.1, "spin_ms": 2.0},
    "comparisons": [
        {
            "name": "adding",
            "title": "Add numbers",
            "kind": "micro",
            "unit": "us",
            "clock": "cpu",
            "baseline": "loop",
            "metric": "time",
            "better": {"time": "lower"},
            "contenders": [
                {"name": "loop", "note": ""},
                {"name": "built_in", "note": "in C"},
                {"name": "absent", "note": ""},
            ],
        }
    ],
    "results": [
        _entry("loop", 10, unit="us", n=30, median=4.0),
        _entry("loop", 100, unit="us", n=30, median=40.0),
        _entry("built_in", 10, unit="us", n=30, median=2.0),
        _entry("built_in", 100, unit="us", n=30, median=5.0, extrapolated=True, measured_n=50),
        _entry("absent", 100, skipped="nowhere is not installed"),
    ],
    "pairs": [
        {"bench": "adding", "a": "built_in", "b": "loop", "metric": "time"}
        | {"size": {"n": 100}, "ratio": 0.125, "lo": 0.12, "hi": 0.13, "n": 5}
    ],
    "claims": [
        {
            "id": "the-built-in-wins",
            "text": "the built-in wins",
            "verdict": "HOLDS",
            "reason": "",
            "parts": [_PART],
        }
    ],
    "published": [
        {"bench": "adding", "contender": "built_in", "metric": "time"}
        | {"value": 10.0, "source": "a page"}
    ],
}


@pytest.fixture
def results() -> dict[str, Any]:
    """A results document of one comparison, small enough to be read in one look."""
    return copy.deepcopy(_RESULTS)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan one module, whatever the roadmap still holds."""
    words = ("Delta Codes", 6, "Advanced", 4.0, "Differences.", "What does a difference cost?")
    monkeypatch.setattr(catalog, "_planned", lambda: (catalog.Module(29, "delta", *words),))
