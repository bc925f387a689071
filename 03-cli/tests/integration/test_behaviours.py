"""26 rules, four front ends, two forms: what each does, against what is stored.

`behaviours.json` beside this file says what every version of every framework did. A framework that
changes its mind fails here with old and new; then the stored result is renewed, and the README with
it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from velvet.needs import numbers
from velvet_cli import contenders
from velvet_cli.comparisons.behaviours import BEHAVIOURS, SKIPPED, Subject, look
from velvet_cli.comparisons.running import Result, clean_environment

STORED = json.loads(Path(__file__).with_name("behaviours.json").read_text(encoding="utf-8"))
POSIX = [row.id for row in BEHAVIOURS if row.posix]
IDS = [row.id for row in BEHAVIOURS]
Columns = Callable[[str, bool], dict[str, str]]


def expected(name: str) -> dict[str, str]:
    """Return the stored column of the newest version that is not newer than the installed one."""
    have = numbers(contenders.version(name))
    versions = sorted(STORED[name], key=numbers)
    known = [version for version in versions if numbers(version) <= have]
    return dict(STORED[name][known[-1] if known else versions[0]])


@pytest.fixture(scope="module")
def column(warm: Callable[..., Result]) -> Columns:
    """Return what was seen of a front end, rule by rule; looked at when it is asked for first."""
    seen: dict[tuple[str, bool], dict[str, str]] = {}

    class Warm(Subject):
        def run(self, *argv: str, stdin: str = "", **env: str) -> Result:
            # What an interpreter, and Typer's rich part, read once.
            if {"PYTHONIOENCODING", "FORCE_COLOR"} & env.keys():
                return super().run(*argv, stdin=stdin, **env)
            full: Any = {"env": clean_environment(self.folder, env), "folder": self.folder}
            found = warm(self.name, argv, hardened=self.hardened, stdin=stdin, **full)
            return self._noted(found, argv)

    def of(name: str, hardened: bool) -> dict[str, str]:
        if (name, hardened) not in seen:
            with ThreadPoolExecutor(2) as pool:
                looks = pool.map(
                    lambda row: look(name, row, hardened=hardened, subject=Warm), BEHAVIOURS
                )
                seen[name, hardened] = {
                    row.id: f"{'pass' if found.passed else 'fail'}: {found.what}"
                    for row, found in zip(BEHAVIOURS, looks, strict=True)
                    if found is not SKIPPED
                }
        return seen[name, hardened]

    return of


def test_there_are_26_rules_with_names_and_a_source() -> None:
    assert len(BEHAVIOURS) == len(set(IDS)) == 26
    assert all(len(row.rule) > 20 for row in BEHAVIOURS)


@pytest.mark.parametrize("row", IDS)
def test_the_hardened_front_ends_keep_every_rule(row: str, front: str, column: Columns) -> None:
    found = column(front, True)
    if sys.platform == "win32" and row in POSIX:
        pytest.skip("POSIX signals and terminals; run the tests on Linux or macOS")

    assert found[row].startswith("pass: "), found[row]


@pytest.mark.skipif(sys.platform == "win32", reason="stored for POSIX, where signals have numbers")
def test_a_bare_framework_does_what_is_stored_for_its_version(front: str, column: Columns) -> None:
    found = column(front, False)

    changed = {
        row: f"stored {old!r}, now {found[row]!r}"
        for row, old in expected(front).items()
        if found[row] != old
    }
    assert changed == {}
    assert set(found) == set(expected(front))
    # No bare framework keeps every rule.
    assert any(what.startswith("fail: ") for what in found.values())
