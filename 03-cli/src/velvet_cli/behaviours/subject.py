"""One program under observation: everything that a rule may do to it."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.frontends import Frontend
from velvet_cli.harness import (
    PATIENCE_S,
    Result,
    clean_environment,
    run_on_pty,
    run_process,
    send,
    started,
    wait_for,
)

SGR = re.compile(r"\x1b\[[0-9;:]*m")


class Seen(NamedTuple):
    """What a rule saw: whether it was kept, and the reason in a few words.

    Attributes:
        passed: whether the rule was kept.
        what: what happened, stable from run to run.
        transcript: the last run, for people.
    """

    passed: bool
    what: str
    transcript: str = ""


class Behaviour(NamedTuple):
    """One rule.

    Attributes:
        id: a short name.
        rule: what is demanded, and who says so.
        look: does it to a program and judges.
        posix: whether it can be looked at on POSIX only.
    """

    id: str
    rule: str
    look: Callable[[Subject], Seen]
    posix: bool = False


class Subject:
    """A front end, raw or hardened, in a folder of its own.

    Args:
        name: argparse, click, typer or cyclopts.
        hardened: which of its two forms.
        folder: for its store, its home and its configuration; each subject needs its own.
    """

    def __init__(self, name: str, *, hardened: bool, folder: Path) -> None:
        self.name, self.hardened, self.folder = name, hardened, folder
        self._prefix = Frontend(name).argv_prefix(hardened=hardened)
        self._seen: dict[tuple[str, ...], Result] = {}
        self.last = ""

    def words(self, *argv: str) -> list[str]:
        """Return the whole command line of a call."""
        return [*self._prefix, *argv]

    def run(self, *argv: str, stdin: str = "", **env: str) -> Result:
        """Run with pipes; the same call is run once only."""
        key = (*argv, stdin, *(f"{name}={value}" for name, value in env.items()))
        if key not in self._seen:
            full = clean_environment(self.folder, env)
            self._seen[key] = run_process(
                self.words(*argv), env=full, folder=self.folder, stdin=stdin
            )
        return self._noted(self._seen[key], argv)

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
        text = (out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
        return self._noted(Result(child.returncode, *text), argv)

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
        text = (out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
        return self._noted(Result(child.returncode, *text), argv)

    def parsed(self, *argv: str, **env: str) -> Mapping[str, Any]:
        """Add a task and return how it was stored, or nothing when that failed."""
        import json

        store = self.folder / "tasks.jsonl"
        store.unlink(missing_ok=True)
        if self.run("add", *argv, **env).exit != 0 or not store.exists():
            return {}
        stored: Mapping[str, Any] = json.loads(store.read_text(encoding="utf-8"))
        return stored

    def fill(self, count: int, title: str = "task") -> None:
        """Put so many tasks into the store."""
        from velvet_cli.core import TaskStore

        path = self.folder / "tasks.jsonl"
        path.unlink(missing_ok=True)
        TaskStore(path).import_lines(f"{title} {number}" for number in range(count))

    def _noted(self, result: Result, argv: tuple[str, ...]) -> Result:
        self.last = (
            f"$ tasks {' '.join(argv)}\n{result.out[:2000]}{result.err[:2000]}[{result.exit}]"
        )
        return result


def interrupted() -> tuple[int, ...]:
    """Return how `subprocess` may show an orderly Ctrl-C: 130, or 143 for Windows' Ctrl-Break."""
    return (130,) if sys.platform != "win32" else (143,)


SIGINT, SIGTERM = signal.SIGINT, signal.SIGTERM
