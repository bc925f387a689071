"""The rules themselves: each judges a program that keeps it, and one that does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from velvet_cli.comparisons.behaviours import BEHAVIOURS, SKIPPED, Subject, look
from velvet_cli.comparisons.running import Result

RULES = {row.id: row for row in BEHAVIOURS}


class Scripted(Subject):
    """A program whose every run ends the same way."""

    def __init__(self, result: Result, folder: Path) -> None:
        super().__init__("argparse", hardened=True, folder=folder)
        self.result = result

    def run(self, *argv: str, stdin: str = "", **env: str) -> Result:
        return self._noted(self.result, argv)

    def on_terminal(self, *argv: str, **env: str) -> Result:
        return self.run(*argv)

    def signalled(self, *signals: int, linger: float = 0.0) -> Result:
        return self.run("work")

    def closed_early(self, *argv: str, read: int) -> Result:
        return self.run(*argv)


@pytest.mark.parametrize(
    ("row", "result", "what"),
    [
        ("usage-error", Result(2, "usage", "x"), "exit 2, text on stdout"),
        ("usage-error", Result(2, "", ""), "exit 2, nothing on stderr"),
        ("unknown-command", Result(2, "", "no such command"), "no suggestion"),
        ("bad-value", Result(2, "", "wrong"), "exit 2, does not say --priority, 9, 5"),
        ("missing-argument", Result(1, "", "title"), "exit 1"),
        ("no-arguments", Result(0, "", "usage"), "exit 0, no help"),
        ("help", Result(0, "", "import"), "exit 0"),
        ("version", Result(0, "1\n2\n", ""), "exit 0, 2 lines"),
        ("double-dash", Result(0, "", ""), "not taken as an argument"),
        ("environment", Result(0, "", ""), "variable not read"),
        ("repeated-list", Result(0, "", ""), "does not"),
        ("sigint", Result(130, "", "a\nb\n"), "exit 130, two lines or more"),
        ("sigint", Result(1, "", "Traceback\nb\n"), "exit 1, a traceback"),
        ("closed-pipe", Result(141, "", "error"), "exit 141, complains"),
        ("crash", Result(1, "", "Traceback"), "exit 1, traceback"),
        ("no-color", Result(0, "\x1b[1mbold\x1b[0m", ""), "list styles"),
        ("force-color", Result(0, "plain", ""), "colours nothing"),
        ("ascii", Result(1, "", ""), "exit 1"),
        ("narrow", Result(1, "tasks add", ""), "exit 1"),
    ],
)
def test_a_program_that_breaks_a_rule_is_found_out(
    row: str, result: Result, what: str, tmp_path: Path
) -> None:
    seen = RULES[row].look(Scripted(result, tmp_path))

    assert (seen.passed, seen.what) == (False, what)
    assert seen.transcript.startswith("$ tasks ")


def test_a_marker_that_is_left_behind_is_seen(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl.working").touch()

    seen = RULES["sigterm"].look(Scripted(Result(143, "", ""), tmp_path))

    assert (seen.passed, seen.what) == (False, "exit 143, left its marker behind")


def test_what_windows_has_not_is_skipped_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    assert look("argparse", RULES["sigint"], hardened=True) is SKIPPED
