"""What each command does, once a front end has understood it; the same for all four.

Takes a `ParsedCall`, fills in what was not typed from the environment, the configuration
and the defaults, and works on the store. Knows no framework and prints nothing itself:
everything goes through `Output`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from velvet_cli.contract import CONTRACT, ParsedCall
from velvet_cli.core import TaskStore, Token
from velvet_cli.exits import Exit
from velvet_cli.streams import Output, open_input
from velvet_cli.task import Task

if TYPE_CHECKING:
    from velvet_cli.answers import Answers


class Session(NamedTuple):
    """What a call works with.

    Attributes:
        env: the environment.
        stdin, stdout, stderr: the streams; None where the process was started without.
        cwd: where the search for a project's configuration begins.
        token: tells `work` to stop.
        signals: whether `work` may take over the signals (main thread of a real process).
        plain: as a tutorial would do it: no layers, no colour, no repaired encoding.
    """

    env: Mapping[str, str]
    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    cwd: Path
    token: Token | None = None
    signals: bool = False
    plain: bool = False


def perform(call: ParsedCall, session: Session) -> int:
    """Do what was asked and return the exit code; see `runner.exit_code_for` for what it raises."""
    from velvet_cli.answers import Answers

    answers = Answers(call, session.env, session.cwd, plain=session.plain)
    return ACTIONS[call.command](answers, _output(answers, session), session)


def _output(answers: Answers, session: Session) -> Output:
    if session.stdout is None:
        raise OSError("standard output is closed")
    kind = _PlainOutput if session.plain else Output
    form = answers.get("format")
    # Commands without a format have nothing to colour, and need not load what decides.
    color = answers.color(session.stdout) if form == "table" and not session.plain else None
    return kind(
        session.stdout,
        session.stderr,
        format=form or "table",
        color=color,
        quiet=bool(answers.get("quiet")),
    )


class _PlainOutput(Output):
    """Writes like `print`: whatever happens, happens."""

    def _write(self, text: str) -> None:
        self.stdout.write(text)


def _store(answers: Answers) -> TaskStore:
    return TaskStore(answers["store"])


def _add(answers: Answers, output: Output, _: Session) -> int:
    task = _store(answers).add(
        answers["title"], priority=answers["priority"], tags=answers["tags"] or ()
    )
    output.text(str(task.id))
    output.note(f"added task {task.id}: {task.title}")
    return Exit.OK


def _list(answers: Answers, output: Output, _: Session) -> int:
    status, tags = answers["status"], set(answers.get("tag") or ())

    def wanted(task: Task) -> bool:
        return status in ("all", "done" if task.done else "open") and tags <= set(task.tags)

    tasks = _store(answers).list(wanted, limit=answers["limit"], order=answers["order"])
    output.rows((task.row() for task in tasks), Task._fields)
    return Exit.OK


def _done(answers: Answers, output: Output, _: Session) -> int:
    task = _store(answers).done(answers["id"])
    output.note(f"done: {task.title}")
    return Exit.OK


def _rm(answers: Answers, output: Output, _: Session) -> int:
    count = _store(answers).remove(*answers["ids"])
    output.note(f"removed {count}")
    return Exit.OK


def _export(answers: Answers, output: Output, _: Session) -> int:
    if not (name := answers.get("output")):
        output.rows((task.row() for task in _store(answers)), Task._fields)
        return Exit.OK
    from velvet_cli.atomic import replaced

    with replaced(Path(name)) as file:
        file.writelines(_store(answers).export(output.format))
    output.note(f"written to {name}")
    return Exit.OK


def _import(answers: Answers, output: Output, session: Session) -> int:
    with open_input(answers["source"], session.stdin) as lines:
        count = _store(answers).import_lines(lines, name=answers["source"])
    output.text(str(count))
    output.note(f"added {count} tasks")
    return Exit.OK


def _stats(answers: Answers, output: Output, _: Session) -> int:
    stats = _store(answers).stats()
    rows = [("total", stats.total), ("open", stats.open), ("done", stats.done)]
    rows += [(f"priority {level}", count) for level, count in stats.by_priority.items()]
    rows += [(f"tag {tag}", count) for tag, count in stats.by_tag.items()]
    output.rows(({"what": what, "count": count} for what, count in rows), ("what", "count"))
    return Exit.OK


def _work(answers: Answers, output: Output, session: Session) -> int:
    if answers.get("crash"):
        raise RuntimeError("asked to crash")
    with _token(session) as token:
        finished = _store(answers).work(answers["seconds"], token, linger=answers["linger"])
    if not finished:
        from velvet_cli.signals import Stopped

        raise Stopped(getattr(token, "reason", None) or 2)
    output.note("finished")
    return Exit.OK


class _Deaf:
    """A token that nobody sets: Ctrl-C raises KeyboardInterrupt out of the sleep."""

    def wait(self, timeout: float) -> bool:
        """Sleep."""
        import time

        time.sleep(timeout)
        return False


@contextmanager
def _token(session: Session) -> Iterator[Token]:
    if session.token is not None:
        yield session.token
    elif not session.signals:
        yield _Deaf()
    else:
        from velvet_cli.signals import CancelToken, graceful

        with graceful(CancelToken()) as token:
            yield token


def _config_show(answers: Answers, output: Output, _: Session) -> int:
    rows = (origin for name in CONTRACT.settings() for origin in answers.explain(name))
    output.rows(rows, ("setting", "value", "layer", "source"))
    return Exit.OK


def _config_get(answers: Answers, output: Output, _: Session) -> int:
    output.text(answers.shown(answers["key"]))
    return Exit.OK


def _config_set(answers: Answers, output: Output, _: Session) -> int:
    path = answers.write(answers["key"], answers["value"])
    output.note(f"written to {path}")
    return Exit.OK


def _config_path(answers: Answers, output: Output, _: Session) -> int:
    for path in answers.paths():
        output.text(str(path))
    return Exit.OK


def _completion(answers: Answers, output: Output, _: Session) -> int:
    from velvet_cli.completion import script

    output.text(script(answers["shell"]).rstrip("\n"))
    return Exit.OK


ACTIONS: Mapping[str, Callable[[Any, Output, Session], int]] = {
    "add": _add,
    "list": _list,
    "done": _done,
    "rm": _rm,
    "export": _export,
    "import": _import,
    "stats": _stats,
    "work": _work,
    "config show": _config_show,
    "config get": _config_get,
    "config set": _config_set,
    "config path": _config_path,
    "completion": _completion,
}
