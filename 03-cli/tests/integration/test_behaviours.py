"""26 rules, four front ends, two forms: what each does, against what is stored.

`behaviours.json` beside this file says what every version of every framework did. A framework
that changes its mind fails here with old and new; then the stored result is renewed, and the
README with it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from velvet.needs import numbers
from velvet_cli.behaviours import BEHAVIOURS, Matrix, run_matrix
from velvet_cli.frontends import Frontend

STORED = json.loads(Path(__file__).with_name("behaviours.json").read_text(encoding="utf-8"))
POSIX = [row.id for row in BEHAVIOURS if row.posix]
IDS = [row.id for row in BEHAVIOURS]


def expected(name: str) -> dict[str, str]:
    """Return the stored column of the newest version that is not newer than the installed one."""
    have = numbers(Frontend(name).available().version)
    versions = sorted(STORED[name], key=numbers)
    known = [version for version in versions if numbers(version) <= have]
    return dict(STORED[name][known[-1] if known else versions[0]])


@pytest.fixture(scope="module")
def seen() -> dict[tuple[str, bool], Matrix]:
    """Filled when a column is asked for the first time."""
    return {}


def column(seen: dict[tuple[str, bool], Matrix], name: str, hardened: bool) -> dict[str, str]:
    if (name, hardened) not in seen:
        seen[name, hardened] = run_matrix([name], hardened=hardened)
    return seen[name, hardened].column(name)


def test_there_are_26_rules_with_names_and_a_source() -> None:
    assert len(BEHAVIOURS) == len(set(IDS)) == 26
    assert all(len(row.rule) > 20 for row in BEHAVIOURS)


@pytest.mark.parametrize("row", IDS)
def test_the_hardened_front_ends_keep_every_rule(
    row: str, front: str, seen: dict[tuple[str, bool], Matrix]
) -> None:
    found = column(seen, front, True)
    if sys.platform == "win32" and row in POSIX:
        pytest.skip("POSIX signals and terminals; run the tests on Linux or macOS")

    assert found[row].startswith("pass: "), found[row]


@pytest.mark.skipif(sys.platform == "win32", reason="stored for POSIX, where signals have numbers")
def test_a_bare_framework_does_what_is_stored_for_its_version(
    front: str, seen: dict[tuple[str, bool], Matrix]
) -> None:
    found = column(seen, front, False)

    changed = {
        row: f"stored {old!r}, now {found[row]!r}"
        for row, old in expected(front).items()
        if found[row] != old
    }
    assert changed == {}
    assert set(found) == set(expected(front))


@pytest.mark.skipif(sys.platform == "win32", reason="some rules are about POSIX signals")
def test_no_bare_framework_keeps_every_rule(
    front: str, seen: dict[tuple[str, bool], Matrix]
) -> None:
    column(seen, front, False)

    assert seen[front, False].passed(front) < len(BEHAVIOURS)
