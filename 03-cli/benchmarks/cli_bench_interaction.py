"""What a user waits for: one press of Tab, and the progress bar around a loop.

Completion is measured as the processes that a shell starts at Tab; the row `bash` is a shell that
prints the answer at once. Bars run over an empty loop, so that only the bar is left, in a child
whose standard error is a real terminal or a pipe.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from velvet.bench import Command, Metric, Outcome, Suite, across, ratio

LINE = "tasks li"
EXPECTED = b"list"
ROUNDS = {"quick": 2, "default": 15, "full": 40}
# What the environment of a container often sets, and a user's does not.
CONTAINER = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX")
WARM: dict[str, str | None] = dict.fromkeys(CONTAINER)
BASH = ("posix", "program:bash")
ASKED = f"COMP_LINE={LINE!r}; COMP_POINT={len(LINE)}; COMP_WORDS=({LINE}); COMP_CWORD=1"
ITEMS = 50_000

_ARGCOMPLETE = """\
import argcomplete
from velvet_cli.frontends.argparse_app import build
argcomplete.autocomplete(build(hardened=False))
"""
_CLICK = """\
from velvet_cli.frontends.click_app import build
build(lambda call: 0, hardened=False)(prog_name="tasks")
"""
# Our own program leaves Typer's completion out; this switches it on as a plain program has it.
_TYPER = """\
from velvet_cli.frontends.typer_app import build
app = build(lambda call: 0, hardened=False)
app._add_completion = True
app(prog_name="tasks")
"""


def add_to(suite: Suite) -> None:
    """Declare the comparisons about completion and progress."""
    _completion(suite)
    _progress(suite)


def _program(source: str, **env: str) -> Callable[[], Iterator[Command]]:
    """A Python program that answers a completion request of its environment."""

    def setup() -> Iterator[Command]:
        with tempfile.TemporaryDirectory(prefix="velvet-cli-") as folder:
            path = Path(folder) / "program.py"
            path.write_text(source, encoding="utf-8")
            full = {**WARM, "HOME": folder, "XDG_CONFIG_HOME": folder, **env}
            yield Command([sys.executable, str(path)], env=full, cwd=folder)

    return setup


def _bash(make: Callable[[], str], function: str) -> Callable[[], Iterator[Command]]:
    """A shell that sources a script and calls its completion function once."""

    def setup() -> Iterator[Command]:
        with tempfile.TemporaryDirectory(prefix="velvet-cli-") as folder:
            (Path(folder) / "script").write_text(make(), encoding="utf-8")
            words = f'source ./script; {ASKED}; {function}; printf "%s\\n" "${{COMPREPLY[@]}}"'
            yield Command(["bash", "--norc", "-c", words], cwd=folder)

    return setup


def _ours() -> str:
    from velvet_cli.completion import script

    return script("bash")


def _shtab() -> str:
    import shtab

    from velvet_cli.frontends.argparse_app import build

    made: str = shtab.complete(build(hardened=False), "bash")
    return made


def _completion(suite: Suite) -> None:
    tab = suite.comparison(
        "completion",
        title="One Tab after `tasks li`: every process that the shell starts for it",
        kind="run",
        unit="ms",
        rounds=ROUNDS,
    )
    tab.add("bash", _bash(lambda: "f() { COMPREPLY=(list); }", "f"), needs=BASH, note="the floor")
    tab.add("static", _bash(_ours, "_tasks"), baseline=True, needs=BASH)
    tab.add("shtab", _bash(_shtab, "_shtab_tasks"), needs=(*BASH, "shtab"), note="static too")
    request = {"COMP_LINE": LINE, "COMP_POINT": str(len(LINE)), "COMP_WORDBREAKS": ":="}
    tab.add("dynamic", _dynamic(request), needs="posix", note="ours, asking the program")
    argcomplete = {
        **request,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": "/dev/stdout",
    }
    tab.add("argcomplete", _program(_ARGCOMPLETE, **argcomplete), needs=("posix", "argcomplete"))
    words = {"COMP_WORDS": LINE, "COMP_CWORD": "1"}
    tab.add("click", _program(_CLICK, _TASKS_COMPLETE="bash_complete", **words))
    tab.add("typer", _program(_TYPER, _TASKS_COMPLETE="complete_bash", **words))
    tab.check(lambda answer: EXPECTED in answer)
    for name in ("argcomplete", "click", "typer"):
        suite.claim(
            f"a static script answers Tab for at most 0.3 of the CPU time of {name}",
            ratio("completion", "static", name, "cpu") <= 0.3,
            needs=(*BASH, "argcomplete") if name == "argcomplete" else BASH,
        )


def _dynamic(request: dict[str, str]) -> Callable[[], Iterator[Command]]:
    def setup() -> Iterator[Command]:
        with tempfile.TemporaryDirectory(prefix="velvet-cli-") as folder:
            words = [sys.executable, "-m", "velvet_cli", "argparse", "--complete", "bash"]
            env = {**WARM, "HOME": folder, "XDG_CONFIG_HOME": folder, **request}
            yield Command(words, env=env, cwd=folder)

    return setup


def _lap(bar: str) -> Callable[[str], Callable[[], Outcome]]:
    def setup(place: str) -> Callable[[], Outcome]:
        from velvet_cli.progress.lap import lap

        def run() -> Outcome:
            found = lap(bar, place, ITEMS, env=os.environ)
            figures = {"wall_ns": found.wall_ns, "written": float(found.written)}
            return Outcome(figures, seconds=found.cpu_ns * ITEMS / 1e9)

        return run

    return setup


def _somewhere(place: str) -> bool:
    # The standard library opens no pseudo-terminal on Windows.
    return place == "pipe" or sys.platform != "win32"


def _on_a_terminal(place: str) -> bool:
    return place == "pty" and _somewhere(place)


def _progress(suite: Suite) -> None:
    bars = suite.comparison(
        "progress",
        title=f"An empty loop of {ITEMS:,} items under a bar: CPU time an item",
        kind="run",
        unit="ns",
        items=ITEMS,
        sizes={"place": ["pty", "pipe"]},
        metrics={"wall_ns": Metric("ns"), "written": Metric("B")},
        rounds={"quick": 2, "default": 7, "full": 15},
    )
    for name in ("bare", "throttled", "rich", "tqdm", "naive", "click"):
        bars.add(name, _lap(name), baseline=name == "tqdm", when=_somewhere)
    bars.add(
        "click_1000", _lap("click_1000"), when=_on_a_terminal, note="with update_min_steps=1000"
    )
    for text, claim in _progress_claims().items():
        suite.claim(text, claim, needs="posix")


def _progress_claims() -> dict[str, Any]:
    terminal = {"place": "pty"}
    return {
        "our throttled bar costs less than tqdm's": ratio(
            "progress", "tqdm", "throttled", "time", **terminal
        )
        >= 1.25,
        "a bar that draws at every item costs five times tqdm's": ratio(
            "progress", "naive", "tqdm", "time", **terminal
        )
        >= 5,
        "on a terminal Click's bar costs ten times tqdm's": ratio(
            "progress", "click", "tqdm", "time", **terminal
        )
        >= 10,
        "Click's bar costs ten times more on a terminal than on a pipe": across(
            "progress", "click", "time", first=terminal, second={"place": "pipe"}
        )
        >= 10,
        "update_min_steps=1000 makes Click's bar ten times cheaper": ratio(
            "progress", "click", "click_1000", "time", **terminal
        )
        >= 10,
    }
