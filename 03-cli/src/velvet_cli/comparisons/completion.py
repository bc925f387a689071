"""What a user waits for at one press of Tab: the processes that a shell starts for it.

The row `bash` is a shell that prints the answer at once, so that the floor can be seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from velvet.bench import Command, Suite, ratio
from velvet_cli.comparisons.startup import folder, home

LINE = "tasks li"
EXPECTED = b"list"
ROUNDS = {"quick": 2, "default": 15, "full": 40}
BASH = ("posix", "program:bash")
ASKED = f"COMP_LINE={LINE!r}; COMP_POINT={len(LINE)}; COMP_WORDS=({LINE}); COMP_CWORD=1"
Setup = Callable[[], Iterator[Command]]
_ARGCOMPLETE = """\
import argcomplete
from velvet_cli.contenders.argparse import build
argcomplete.autocomplete(build(hardened=False))
"""
_CLICK = """\
from velvet_cli.contenders.click import build
build(lambda call: 0, hardened=False)(prog_name="tasks")
"""
# Our own program leaves Typer's completion out; this switches it on as a plain program has it.
_TYPER = """\
from velvet_cli.contenders.typer import build
app = build(lambda call: 0, hardened=False)
app._add_completion = True
app(prog_name="tasks")
"""


def add_to(suite: Suite) -> None:
    """Declare the comparison of completions."""
    title = "One Tab after `tasks li`: every process that the shell starts for it"
    tab = suite.comparison("completion", title=title, kind="run", unit="ms", rounds=ROUNDS)
    tab.add("bash", _bash(lambda: "f() { COMPREPLY=(list); }", "f"), needs=BASH, note="the floor")
    tab.add("static", _bash(_ours, "_tasks"), baseline=True, needs=BASH)
    tab.add("shtab", _bash(_shtab, "_shtab_tasks"), needs=(*BASH, "shtab"), note="static too")
    request = {"COMP_LINE": LINE, "COMP_POINT": str(len(LINE)), "COMP_WORDBREAKS": ":="}
    argcomplete = {
        **request,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": "/dev/stdout",
    }
    asking = _run([sys.executable, "-c", _ARGCOMPLETE], **argcomplete)
    tab.add("argcomplete", asking, needs=("posix", "argcomplete"))
    words = {"COMP_WORDS": LINE, "COMP_CWORD": "1"}
    tab.add("click", _run([sys.executable, "-c", _CLICK], _TASKS_COMPLETE="bash_complete", **words))
    tab.add("typer", _run([sys.executable, "-c", _TYPER], _TASKS_COMPLETE="complete_bash", **words))
    tab.check(lambda answer: EXPECTED in answer)
    for name in ("argcomplete", "click", "typer"):
        suite.claim(
            f"a static script answers Tab for at most 0.3 of the CPU time of {name}",
            ratio("completion", "static", name, "cpu") <= 0.3,
            needs=(*BASH, "argcomplete") if name == "argcomplete" else BASH,
        )


def _run(words: list[str], **env: str) -> Setup:
    """Start a program that answers a completion request of its environment."""

    def setup() -> Iterator[Command]:
        with folder() as made:
            yield Command(words, env={**home(made), **env}, cwd=made)

    return setup


def _bash(make: Callable[[], str], function: str) -> Setup:
    """Start a shell that sources a script and calls its completion function once."""

    def setup() -> Iterator[Command]:
        with folder() as made:
            Path(made, "script").write_text(make(), encoding="utf-8")
            words = f'source ./script; {ASKED}; {function}; printf "%s\\n" "${{COMPREPLY[@]}}"'
            yield Command(["bash", "--norc", "-c", words], cwd=made)

    return setup


def _ours() -> str:
    from velvet_cli.completion.script import script

    return script("bash")


def _shtab() -> str:
    import shtab

    from velvet_cli.contenders.argparse import build

    made: str = shtab.complete(build(hardened=False), "bash")
    return made
