"""What a test style costs: tests that break though nothing broke, and bugs that pass.

Five suites say the same about one service. Each runs against sixteen refactorings that change no
behaviour, where a red test is a false alarm, and against fourteen edits that break something,
where a green suite has missed a bug.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, ModuleType

from velvet_testing.corpus import Bug, BugKind, Edit, apply, compile_module

STYLES = ("strict_mock", "autospec", "fake", "fake_with_contract", "integration")
_PACKAGE = "velvet_testing.samples.styles"
Patches = dict[str, tuple[Edit, ...]]


def refactorings() -> Patches:
    """Return the edits that change no behaviour, by name."""
    found: Patches = importlib.import_module(f"{_PACKAGE}.patches").REFACTORINGS
    return found


def breakages() -> Patches:
    """Return the edits that break something, by name."""
    found: Patches = importlib.import_module(f"{_PACKAGE}.patches").BREAKAGES
    return found


def shop(edits: Sequence[Edit] = ()) -> ModuleType:
    """Return the service as a fresh module, with edits or without."""
    path = Path(__file__).parent / "samples" / "styles" / "shop.py"
    source = path.read_text(encoding="utf-8")
    if not edits:
        return compile_module(source, "shop", str(path))
    patch = Bug("shop", "shop", BugKind.TYPO, tuple(edits), "", "")
    return compile_module(apply(source, patch), "shop", "<shop, patched>")


def tests_of(style: str) -> dict[str, FunctionType]:
    """Return a style's tests by name; each takes the service's module."""
    if style not in STYLES:
        raise ValueError(f"unknown style {style!r}: choose one of {', '.join(STYLES)}")
    suite = importlib.import_module(f"{_PACKAGE}.{style}")
    return {name: getattr(suite, name) for name in dir(suite) if name.startswith("test_")}


def red(style: str, module: ModuleType) -> dict[str, str]:
    """Return the tests of a style that fail on a module, and how."""
    found = {}
    for name, test in tests_of(style).items():
        try:
            test(module)
        except Exception as error:  # noqa: BLE001 - a red test
            said = str(error).strip().splitlines()
            found[name] = f"{type(error).__name__}: {said[0] if said else name}"
    return found


@dataclass
class Row:
    """How one style fared.

    Attributes:
        false_reds: refactorings that turned it red, and the first test that did.
        missed: breakages that left it green.
        seconds: of one green run.
        lines: of its suite.
    """

    style: str
    false_reds: dict[str, str] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    lines: int = 0


def lines_of(style: str) -> int:
    """Return the lines of code of a style's suite, those that it takes from another included."""
    files = {Path(test.__code__.co_filename) for test in tests_of(style).values()}
    texts = (file.read_text(encoding="utf-8") for file in files)
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


def battery(styles: Sequence[str] = STYLES) -> Iterator[tuple[str, str, str, bool, str]]:
    """Run every style on every patch; yields (style, kind, patch, red, why).

    Raises:
        AssertionError: a suite is red before anything is changed.
    """
    for style in styles:
        assert not red(style, shop()), f"{style} is red on the reference"
        for kind, patches in (("refactoring", refactorings()), ("bug", breakages())):
            for name, edits in patches.items():
                failed = red(style, shop(edits))
                yield style, kind, name, bool(failed), "; ".join(failed.values())


def run(styles: Sequence[str] = STYLES) -> list[Row]:
    """Return the table: a row per style."""
    rows = {style: Row(style, lines=lines_of(style)) for style in styles}
    for style, kind, name, failed, why in battery(styles):
        if kind == "refactoring" and failed:
            rows[style].false_reds[name] = why
        if kind == "bug" and not failed:
            rows[style].missed.append(name)
    for row in rows.values():
        started = time.perf_counter()
        red(row.style, shop())
        row.seconds = time.perf_counter() - started
    return list(rows.values())
