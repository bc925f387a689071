"""What a well-behaved command-line program does: 26 rules that look at a real process.

Each function is one rule: it looks at a program and judges. `what` of an observation is stored per
framework version, so it holds exit codes and facts, never wording or sizes.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli import contenders
from velvet_cli.comparisons.running import (
    PATIENCE_S,
    Result,
    clean_environment,
    run_on_pty,
    run_process,
    send,
    started,
    wait_for,
)
from velvet_cli.exits import pipe_code
from velvet_cli.store import TaskStore

SGR = re.compile(r"\x1b\[[0-9;:]*m")
SIGINT, SIGTERM = signal.SIGINT, signal.SIGTERM
# How `subprocess` may show an orderly Ctrl-C: 130, or 143 for Windows' Ctrl-Break.
INTERRUPTED = (130,) if sys.platform != "win32" else (143,)


class Subject:
    """A front end, raw or hardened, in a folder of its own.

    `name`: argparse, click, typer or cyclopts; `hardened`: which of its two forms; `folder`: for
    its store, its home and its configuration; each subject needs its own.
    """

    def __init__(self, name: str, *, hardened: bool, folder: Path) -> None:
        self.name, self.hardened, self.folder = name, hardened, folder
        self.last = ""

    def words(self, *argv: str) -> list[str]:
        """Return the whole command line of a call."""
        return contenders.words(self.name, *argv, hardened=self.hardened)

    def run(self, *argv: str, stdin: str = "", **env: str) -> Result:
        """Run with pipes."""
        full = clean_environment(self.folder, env)
        found = run_process(self.words(*argv), env=full, folder=self.folder, stdin=stdin)
        return self._noted(found, argv)

    def on_terminal(self, *argv: str, **env: str) -> Result:
        """Run on a pseudo-terminal."""
        full = clean_environment(self.folder, env)
        return self._noted(run_on_pty(self.words(*argv), env=full, folder=self.folder), argv)

    def signalled(self, *signals: int, linger: float = 0.0) -> Result:
        """Let it work, send signals one after the other, and wait for its end."""
        argv = ("work", "20", *(["--linger", str(linger)] if linger else []))
        marker = self.folder / "tasks.jsonl.working"
        env = clean_environment(self.folder)
        with started(self.words(*argv), env=env, folder=self.folder) as child:
            wait_for(marker, child)
            for number, signum in enumerate(signals):
                if number:
                    # The next one has to find the first one taken.
                    wait_for(marker.with_suffix(".cleaning"), child)
                send(child, signum)
            out, err = child.communicate(timeout=PATIENCE_S)
        return self._noted(Result(child.returncode, _text(out), _text(err)), argv)

    def leftovers(self) -> list[str]:
        """Return the names of marker files that a program should have removed."""
        return sorted(path.name for path in self.folder.glob("tasks.jsonl.[wc]*"))

    def closed_early(self, *argv: str, read: int) -> Result:
        """Read so many bytes of its output, close the pipe, and wait for its end."""
        env = clean_environment(self.folder)
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as target, os.fdopen(reader, "rb", buffering=0) as source:
            if not read:
                source.close()  # before it starts, or a quick one has written by then
            with started(self.words(*argv), env=env, folder=self.folder, stdout=target) as child:
                target.close()
                out = source.read(read) if read else b""
                source.close()
                assert child.stderr is not None
                err = child.stderr.read()
                child.wait(PATIENCE_S)
        return self._noted(Result(child.returncode, _text(out), _text(err)), argv)

    def parsed(self, *argv: str, **env: str) -> Mapping[str, Any]:
        """Add a task and return how it was stored, or nothing when that failed."""
        store = self.folder / "tasks.jsonl"
        store.unlink(missing_ok=True)
        if self.run("add", *argv, **env).exit != 0 or not store.exists():
            return {}
        stored: Mapping[str, Any] = json.loads(store.read_text(encoding="utf-8"))
        return stored

    def fill(self, count: int, title: str = "task") -> None:
        """Put so many tasks into the store."""
        path = self.folder / "tasks.jsonl"
        path.unlink(missing_ok=True)
        TaskStore(path).import_lines(f"{title} {number}" for number in range(count))

    def _noted(self, result: Result, argv: tuple[str, ...]) -> Result:
        self.last = (
            f"$ tasks {' '.join(argv)}\n{result.out[:2000]}{result.err[:2000]}[{result.exit}]"
        )
        return result


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


class Observation(NamedTuple):
    """What a rule saw: whether it was kept, what happened in a few words, and the last transcript."""

    passed: bool
    what: str
    transcript: str = ""


Look = Callable[[Subject], Observation]


class Behaviour(NamedTuple):
    """One rule: a short name, what is demanded and by whom, how to look, whether POSIX only."""

    id: str
    rule: str
    look: Look
    posix: bool = False


SKIPPED = Observation(False, "skipped: signals and terminals of this kind exist on POSIX only")
_ROWS: list[Behaviour] = []
CLIG, POSIX, GNU = "clig.dev", "POSIX XBD 12.2", "GNU standards 4.8"
# More than a pipe holds (64 KiB on Linux), so that the writer meets the closed end.
_MANY = 3000
# A clean-up so long that its end is never mistaken for the answer to a signal.
_LINGER_S = 20.0


def look(
    name: str, behaviour: Behaviour, *, hardened: bool, subject: type[Subject] = Subject
) -> Observation:
    """Look at one front end with one rule, in a folder of its own.

    `subject`: how its processes are started.
    """
    if behaviour.posix and sys.platform == "win32":
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        return behaviour.look(subject(name, hardened=hardened, folder=Path(folder)))


def row(id: str, rule: str, *, posix: bool = False) -> Callable[[Look], Look]:
    """Register a rule."""

    def register(look: Look) -> Look:
        _ROWS.append(Behaviour(id, rule, look, posix))
        return look

    return register


def _judge(subject: Subject, passed: bool, what: str) -> Observation:
    return Observation(passed, what, subject.last)


def _mistake(subject: Subject, argv: tuple[str, ...], *wanted: str) -> Observation:
    """Judge an answer to a mistake: exit 2, and all of the words in the message."""
    seen = subject.run(*argv)
    text = " ".join(seen.err.lower().split())
    missing = [word for word in wanted if word.lower() not in text]
    what = f"exit {seen.exit}" + (f", does not say {', '.join(missing)}" if missing else "")
    return _judge(subject, seen.exit == 2 and not missing, what)


@row("usage-error", f"a usage error exits 2, text on stderr, nothing on stdout ({CLIG})")
def _usage_error(subject: Subject) -> Observation:
    seen = subject.run("add", "x", "--nonsense")
    quiet = "" if not seen.out else ", text on stdout"
    told = "" if seen.err else ", nothing on stderr"
    return _judge(subject, seen.exit == 2 and not quiet + told, f"exit {seen.exit}{quiet}{told}")


@row("unknown-command", f"an unknown command suggests the nearest ({CLIG})")
def _unknown_command(subject: Subject) -> Observation:
    seen = subject.run("lst")
    near = "mean" in seen.err and "list" in seen.err
    return _judge(subject, near and seen.exit == 2, "suggests" if near else "no suggestion")


@row("unknown-option", f"an unknown option suggests the nearest ({CLIG})")
def _unknown_option(subject: Subject) -> Observation:
    seen = subject.run("add", "x", "--prioritty", "3")
    near = (
        "--priority" in seen.err and seen.exit == 2 and "usage:" not in seen.err.split("error")[0]
    )
    near = near or "mean" in seen.err or "Possible" in seen.err
    return _judge(subject, near, "suggests" if near else "no suggestion")


@row("bad-value", f"a bad value is answered with option, value and what is allowed ({CLIG})")
def _bad_value(subject: Subject) -> Observation:
    number = _mistake(subject, ("add", "x", "--priority", "9"), "--priority", "9", "5")
    if not number.passed:
        return number
    return _mistake(subject, ("list", "--format", "xml"), "--format", "xml", "ndjson")


@row("missing-argument", f"a missing argument is named ({CLIG})")
def _missing(subject: Subject) -> Observation:
    return _mistake(subject, ("add",), "title")


@row("no-arguments", f"no arguments: help, and exit 0 or 2 ({CLIG})")
def _nothing(subject: Subject) -> Observation:
    seen = subject.run()
    shown = "import" in seen.out + seen.err
    what = f"exit {seen.exit}, {'help' if shown else 'no help'}"
    return _judge(subject, shown and seen.exit in (0, 2), what)


@row("help", f"--help on stdout, exit 0 ({GNU})")
def _help(subject: Subject) -> Observation:
    seen = subject.run("--help")
    good = seen.exit == 0 and "import" in seen.out and not seen.err
    return _judge(subject, good, f"exit {seen.exit}")


@row("version", f"--version on one line of stdout, exit 0 ({GNU})")
def _version(subject: Subject) -> Observation:
    seen = subject.run("--version")
    lines = len(seen.out.splitlines())
    return _judge(subject, seen.exit == 0 and lines == 1, f"exit {seen.exit}, {lines} lines")


@row(
    "abbreviation", "an abbreviated option is refused: it breaks with the next option that is added"
)
def _abbreviation(subject: Subject) -> Observation:
    seen = subject.run("list", "--form", "json")
    return _judge(subject, seen.exit == 2, f"exit {seen.exit}")


@row("negative-number", f"a negative number is an argument ({POSIX}, guideline 10 notes)")
def _negative(subject: Subject) -> Observation:
    # There is no task -5, which is another answer than "no such option".
    seen = subject.run("done", "-5")
    return _judge(subject, seen.exit == 1 and "-5" in seen.err, f"exit {seen.exit}")


@row("double-dash", f"-- ends the options ({POSIX}, guideline 10)")
def _double_dash(subject: Subject) -> Observation:
    stored = subject.parsed("--", "--priority")
    good = stored.get("title") == "--priority"
    return _judge(subject, good, "taken as an argument" if good else "not taken as an argument")


@row("attached-value", f"--opt=value and --opt value are equal ({GNU})")
def _attached(subject: Subject) -> Observation:
    tags = subject.parsed("x", "--tag=a", "--tag", "a").get("tags")
    return _judge(subject, tags == ["a", "a"], "equal" if tags == ["a", "a"] else "different")


@row("grouped-flags", f"short flags can be grouped: -vvq ({POSIX}, guideline 5)")
def _grouped(subject: Subject) -> Observation:
    seen = subject.run("-vvq", "stats")
    return _judge(subject, seen.exit == 0, f"exit {seen.exit}")


@row("repeated-option", "a repeated single option is refused, or the last one wins")
def _repeated(subject: Subject) -> Observation:
    priority = subject.parsed("x", "-p", "2", "-p", "4").get("priority")
    what = {None: "refused", 4: "last wins"}.get(priority, "first wins")
    return _judge(subject, what != "first wins", what)


@row("repeated-list", "a repeated list option collects all values, in order")
def _list(subject: Subject) -> Observation:
    tags = subject.parsed("x", "-t", "b", "-t", "a").get("tags")
    return _judge(subject, tags == ["b", "a"], "collects" if tags == ["b", "a"] else "does not")


@row("environment", f"a variable sets the default, and the flag wins ({CLIG})")
def _environment(subject: Subject) -> Observation:
    good = subject.parsed("x", TASKS_PRIORITY="5").get("priority") == 5
    good = good and subject.parsed("x", "-p", "2", TASKS_PRIORITY="5").get("priority") == 2
    return _judge(subject, good, "flag over variable" if good else "variable not read")


@row("sigint", "Ctrl-C exits 130, with one line at most (shells: 128 + 2)", posix=True)
def _sigint(subject: Subject) -> Observation:
    seen = subject.signalled(SIGINT)
    lines = len(seen.err.splitlines())
    many = "a traceback" if "Traceback" in seen.err else "two lines or more"
    told = "silent" if not lines else "one line" if lines == 1 else many
    return _judge(subject, seen.exit in INTERRUPTED and lines <= 1, f"exit {seen.exit}, {told}")


@row("sigint-twice", "a second Ctrl-C ends a program that is still cleaning up", posix=True)
def _sigint_twice(subject: Subject) -> Observation:
    began = time.monotonic()
    seen = subject.signalled(SIGINT, SIGINT, linger=_LINGER_S)
    forced = time.monotonic() - began < _LINGER_S
    what = f"exit {seen.exit}, {'at once' if forced else 'after its clean-up'}"
    return _judge(subject, forced and seen.exit in INTERRUPTED, what)


@row("sigterm", "SIGTERM cleans up and exits 143 (shells: 128 + 15)", posix=True)
def _sigterm(subject: Subject) -> Observation:
    seen = subject.signalled(SIGTERM)
    left = subject.leftovers()
    what = f"exit {seen.exit}, {'left its marker behind' if left else 'cleaned up'}"
    return _judge(subject, seen.exit == 143 and not left, what)


@row("closed-pipe", "a reader that goes away ends it silently, 141 (128 + SIGPIPE), as `seq`")
def _closed(subject: Subject) -> Observation:
    subject.fill(_MANY)
    return _pipe(subject, subject.closed_early("export", "--format", "ndjson", read=10).exit)


@row("closed-pipe-small", "the same when all output fits into one buffer")
def _closed_small(subject: Subject) -> Observation:
    subject.fill(1)
    return _pipe(subject, subject.closed_early("export", "--format", "ndjson", read=0).exit)


def _pipe(subject: Subject, code: int) -> Observation:
    quiet = subject.last.count("\n") <= 2 and "rror" not in subject.last
    what = f"exit {code}, {'silent' if quiet else 'complains'}"
    return _judge(subject, code == pipe_code() and quiet, what)


@row("crash", f"a mistake of its own exits 70, short; the traceback is for --debug ({CLIG})")
def _crash(subject: Subject) -> Observation:
    short = subject.run("work", "0", "--crash")
    shown = "Traceback" in short.err
    good = short.exit == 70 and not shown
    good = good and "Traceback" in subject.run("--debug", "work", "0", "--crash").err
    return _judge(subject, good, f"exit {short.exit}, {'traceback' if shown else 'short'}")


@row("no-color", "NO_COLOR: not one SGR sequence, bold included (no-color.org)", posix=True)
def _no_color(subject: Subject) -> Observation:
    subject.fill(1)
    for argv in (("list",), ("--help",)):
        seen = subject.on_terminal(*argv, NO_COLOR="1")
        if SGR.search(seen.out):
            return _judge(subject, False, f"{argv[0]} styles")
    return _judge(subject, True, "plain")


@row("force-color", "FORCE_COLOR: colour also into a pipe (force-color.org)")
def _force_color(subject: Subject) -> Observation:
    subject.fill(1)
    found = [
        argv for argv in ("list", "--help") if SGR.search(subject.run(argv, FORCE_COLOR="1").out)
    ]
    return _judge(subject, bool(found), f"colours {' and '.join(found) or 'nothing'}")


@row("ascii", "a console that cannot encode a letter does not end the program")
def _ascii(subject: Subject) -> Observation:
    subject.fill(1, "n\u00e9\u2713")
    seen = subject.run("list", PYTHONIOENCODING="ascii")
    return _judge(subject, seen.exit == 0, f"exit {seen.exit}")


@row("narrow", "help for a terminal of 20 columns does not crash")
def _narrow(subject: Subject) -> Observation:
    seen = subject.run("add", "--help", COLUMNS="20", TERMINAL_WIDTH="20")
    good = seen.exit == 0 and "tasks add" in seen.out
    return _judge(subject, good, f"exit {seen.exit}")


BEHAVIOURS = tuple(_ROWS)
