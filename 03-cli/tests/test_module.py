"""What every module's tests repeat: each example as a reader runs it, declarations, tabs, doctests.

Figures that depend on the machine are only compared with each other, by the example itself, and only
where the difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import ClassVar

from velvet.testing import ModuleTests
from velvet_cli import contenders

POSIX = sys.platform != "win32"


def on_posix(*patterns: str) -> tuple[str, ...]:
    """Return what is shown on POSIX only."""
    return patterns if POSIX else ()


class TestModule(ModuleTests):
    """The tests of 03-cli."""

    expected: ClassVar[Mapping[str, str | Sequence[str]]] = {
        "same_cli_four_times": [
            "different answers: 1$",
            # Cyclopts 4 ends usage errors with 1.
            *(
                rf"^  {name} +exit {'[12]' if name == 'cyclopts' else 2}:"
                for name in contenders.installed()
            ),
            r"^argparse .*write the report",
        ],
        "first_principles": [
            r"(?s)ValueError.*IndexError.*2\. argparse",
            r"--count x hello +exit +2",
            r"silently accepted +exit +0",
            *on_posix(r"(?s)2\. argparse.*BrokenPipe"),
        ],
        "exit_codes_and_pipes": [
            r"tasks done 9999 +1 ",
            *on_posix(
                r"seq \| head \(coreutils\) +141 ",
                *(rf"head \({name}, hardened\) +141 " for name in ("argparse", "click", "typer")),
                *(rf"head \({name}\) +(?!141)-?\d+ " for name in ("argparse", "click", "typer")),
            ),
        ],
        "where_did_that_come_from": [
            r"^color +cli +--color +never +<- wins$",
            r"^limit +env +TASKS_LIMIT +7 +<- wins$",
            r"^order +profile work in project +tasks\.toml:6 +priority +<- wins$",
            r"^tags +project +tasks\.toml:3 +\+ \[garden\] +<- wins$",
            r"^tags +user +config\.toml:3 +\[home\] +<- wins$",
            r"^sync_token +user +config\.toml:4 +\*{8} +<- wins$",
            r"(?s)\A(?!.*hunter)",
            r"a mistake: tasks\.toml:2: odrer: unknown key \(did you mean 'order'\?\)",
        ],
        "colour_truth_table": [
            r"NO_COLOR=1 FORCE_COLOR=1         NO_COLOR is set",
            r"^FORCE_COLOR=1 .* C$",
            r"^NO_COLOR=1 FORCE_COLOR=1 .* \.$",
            r"^CLICOLOR_FORCE=1 NO_COLOR=1 .* \.$",
            # On a terminal Click colours whatever the environment says; Typer's bold stays.
            *on_posix(r"^NO_COLOR=1 +[.C] +C +(b +)+\. ", r"^TERM=dumb +[.C] +C "),
        ],
        "progress_cost": [
            r"(?s)bare .*throttled .*rich .*tqdm .*click .*click_1000 .*naive ",
            "and writes a hundred times as much: True$",
            *on_posix("and three times a pipe: True$"),
        ],
        "tab_tab": [
            r"(?s)from a table:.*-> <list> .*<list> <--format> <ndjson> .*<done> <1> .*<add> <-t> <it's> ",
            r"(?s)Click's own:.*-> <list> .*<list> <--format> <ndjson> ",
            "sooner without Python: True$",
        ],
        "why_is_it_slow": ["for a command and for help: True$", r"(?s)(ms by itself.*){12}"],
        "graceful_exit": on_posix(
            *(
                rf"^{title} +{name} +(?!130|143)-?\d+, .*  {code}, 0 B told, clean$"
                for name in ("argparse", "click")
                for title, code in {"Ctrl-C": 130, "Ctrl-C twice": 130, "SIGTERM": 143}.items()
            ),
            "store intact in all of them: True",
        ),
        "testing_four_ways": [
            "a process costs more than a call: True",
            "argparse equals it: True",
            "ascii console, bare    : exit 1\nascii console, hardened: exit 0",
            *on_posix(r"^pty .*terminal"),
        ],
        "typer_is_not_click": [
            r"isinstance\(get_command\(app\), click\.Command\): False",
            "mixed double 21        exit 0, prints '42'",
            "mixed double nonsense  exit 1, prints ''",
            "BadParameter",
        ],
    }
