"""What each command does, once a front end has understood it; the same for all four.

Fills in what was not typed, works on the store, and writes through `Output`; knows no framework.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from velvet_cli.contract import CONTRACT, ParsedCall, UsageError
from velvet_cli.files import atomic_write
from velvet_cli.formats import render_rows
from velvet_cli.store import Task, TaskStore
from velvet_cli.streams import Output, open_input

if TYPE_CHECKING:
    from velvet_cli.config import Files, Settings
    from velvet_cli.signals import CancelToken


class Session(NamedTuple):
    """What a call works with; a stream is None where the process was started without.

    `cwd`: where the search for a project's configuration begins; `signals`: whether `work` may take
    over the signals (main thread of a real process); `plain`: as a tutorial does it: no layers, no
    colour.
    """

    env: Mapping[str, str]
    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    cwd: Path
    signals: bool = False
    plain: bool = False


class Answers:
    """The values of one call: what was typed wins, then the layers of `velvet_cli.config`.

    They are read only when a setting that was not typed is asked for: most starts should not pay.
    """

    def __init__(self, call: ParsedCall, session: Session) -> None:
        self._typed, self._env, self._session = call.values, session.env, session
        self._params = {param.name: param for param in CONTRACT.options}
        self._params |= {param.name: param for param in CONTRACT.command(call.command).params}

    def __getitem__(self, name: str) -> Any:
        """Return a value.

        Raises KeyError: this command has no such parameter; ConfigError, ConfigNotFound: a lower
        layer is wrong.
        """
        if name in self._typed:
            return self._typed[name]
        param = self._params[name]
        if self._session.plain or not param.setting:
            named = self._env.get(param.env) if param.env and not self._session.plain else None
            return named or param.default
        return self.settings[name]

    def get(self, name: str) -> Any:
        """Return a value, or None where this command has no such parameter."""
        return self[name] if name in self._params else None

    @cached_property
    def files(self) -> Files:
        """The configuration files that count."""
        from velvet_cli.config import find_files

        named = self["config"]
        return find_files(self._env, cwd=self._session.cwd, explicit=Path(named) if named else None)

    @cached_property
    def settings(self) -> Settings:
        """The layers put together, with what was typed on top."""
        from velvet_cli.config import load

        known = CONTRACT.settings()
        typed = {name: value for name, value in self._typed.items() if name in known}
        profile = self["profile"]
        return load(known.values(), cli=typed, env=self._env, files=self.files, profile=profile)


def perform(call: ParsedCall, session: Session) -> int:
    """Do what was asked and return the exit code; see `runner.exit_code_for` for what it raises."""
    if session.stdout is None:
        raise OSError("standard output is closed")
    answers = Answers(call, session)
    form, color = answers.get("format"), None
    # Commands without a format have nothing to colour, and need not load what decides.
    if form == "table" and not session.plain:
        from velvet_cli.color import decide

        color = decide(session.stdout, flag=answers["color"], env=session.env)
    output = Output(
        session.stdout,
        session.stderr,
        format=form or "table",
        color=color,
        quiet=bool(answers.get("quiet")),
        plain=session.plain,
    )
    do = getattr(Actions(answers, output, session), f"do_{call.command.replace(' ', '_')}")
    return int(do() or 0)


class Actions(NamedTuple):
    """A method a command; what it returns is the exit code, and nothing is 0."""

    answers: Answers
    output: Output
    session: Session

    def _store(self) -> TaskStore:
        store = TaskStore(self.answers["store"])
        store.recover()
        return store

    def do_add(self) -> None:
        """Add a task; its number is data."""
        title, priority, tags = (self.answers[name] for name in ("title", "priority", "tags"))
        task = self._store().add(title, priority=priority, tags=tags or ())
        self.output.text(str(task.id))
        self.output.note(f"added task {task.id}: {task.title}")

    def do_list(self) -> None:
        """List tasks that have the status and all of the tags."""
        status, tags = self.answers["status"], set(self.answers["tag"])

        def wanted(task: Task) -> bool:
            return status in ("all", "done" if task.done else "open") and tags <= set(task.tags)

        order, limit = self.answers["order"], self.answers["limit"]
        tasks = self._store().list(wanted, limit=limit, order=order)
        self.output.rows((task.row() for task in tasks), Task._fields)

    def do_done(self) -> None:
        """Mark a task as done."""
        self.output.note(f"done: {self._store().done(self.answers['id']).title}")

    def do_rm(self) -> None:
        """Remove tasks."""
        self.output.note(f"removed {self._store().remove(*self.answers['ids'])}")

    def do_export(self) -> None:
        """Write all tasks, one in memory at a time; never over their own store."""
        store, name = self._store(), self.answers["output"]
        rows = (task.row() for task in store)
        if not name:
            self.output.rows(rows, Task._fields)
            return
        if os.path.realpath(name) == os.path.realpath(store.path):
            raise UsageError(f"--output: {name} is the store itself", "write to another file")
        with atomic_write(Path(name)) as file:
            file.writelines(render_rows(rows, Task._fields, self.output.format))
        self.output.note(f"written to {name}")

    def do_import(self) -> None:
        """Add a task for each line of a file or of standard input."""
        name = self.answers["source"]
        with open_input(name, self.session.stdin) as lines:
            count = self._store().import_lines(lines, name=name)
        self.output.text(str(count))
        self.output.note(f"added {count} tasks")

    def do_stats(self) -> None:
        """Count tasks by state, priority and tag."""
        counts: dict[str, int] = {"total": 0, "open": 0, "done": 0}
        priorities, tags = dict[str, int](), dict[str, int]()
        for task in self._store():
            counts["total"] += 1
            counts["done" if task.done else "open"] += 1
            named = f"priority {task.priority}"
            priorities[named] = priorities.get(named, 0) + 1
            for tag in task.tags:
                tags[f"tag {tag}"] = tags.get(f"tag {tag}", 0) + 1
        rows = [*counts.items(), *sorted(priorities.items()), *sorted(tags.items())]
        self.output.rows(({"what": what, "count": n} for what, n in rows), ("what", "count"))

    def do_work(self) -> None:
        """Be busy, and stop in order when a signal asks for it."""
        if self.answers["crash"]:
            raise RuntimeError("asked to crash")
        seconds, linger = self.answers["seconds"], self.answers["linger"]
        with _token(self.session) as token:
            wait = token.wait if token else _sleep
            finished = self._store().work(seconds, wait, linger=linger)
        if token and not finished:
            from velvet_cli.signals import Stopped

            raise Stopped(token.reason or 2)
        self.output.note("finished")

    def do_config_show(self) -> None:
        """Show every setting and the layers that make its value."""
        fields, settings = ("setting", "value", "layer", "source"), self.answers.settings
        rows = (
            dict(zip(fields, (name, origin.value, origin.layer, origin.source), strict=True))
            for name in settings
            for origin in settings.explain(name)
            if origin.won
        )
        self.output.rows(rows, fields)

    def do_config_get(self) -> None:
        """Print one setting."""
        self.output.text(self.answers.settings.shown(self.answers["key"]))

    def do_config_set(self) -> None:
        """Write one setting into the named file, or the user's."""
        from velvet_cli.config import write_value

        param = self.answers.settings.param(self.answers["key"])
        files = self.answers.files
        path = files.project if files.explicit else files.user
        try:
            value = param.parse(self.answers["value"])
        except ValueError as error:
            raise UsageError(f"{param.name}: {error}", "see `tasks config show`") from None
        assert path is not None
        write_value(path, param, value, profile=self.answers["profile"])
        self.output.note(f"written to {path}")

    def do_config_path(self) -> None:
        """Print the files that are read, nearest first, existing or not."""
        for path in self.answers.files[:3]:
            if path is not None:
                self.output.text(str(path))

    def do_completion(self) -> None:
        """Print a completion script."""
        from velvet_cli.completion.script import script

        self.output.text(script(self.answers["shell"]).rstrip("\n"))


def _sleep(timeout: float) -> bool:
    """Wait for nothing: Ctrl-C raises KeyboardInterrupt out of the sleep."""
    time.sleep(timeout)
    return False


@contextmanager
def _token(session: Session) -> Iterator[CancelToken | None]:
    if not session.signals:
        yield None
        return
    from velvet_cli.signals import CancelToken, graceful

    with graceful(CancelToken()) as token:
        yield token
