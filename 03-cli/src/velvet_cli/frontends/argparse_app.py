"""`tasks` in argparse: no dependency, a tree of parsers, and every message in one method.

Hardened: `allow_abbrev=False`, because an abbreviation that works today becomes ambiguous
with the next option, and an `error` method that suggests and raises instead of printing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from velvet_cli.contract import (
    COLORS,
    CONTRACT,
    FORMATS,
    ORDERS,
    SHELLS,
    STATUSES,
    VERSION,
    ParsedCall,
)
from velvet_cli.errors import UsageError, did_you_mean
from velvet_cli.frontends import Perform

UNSET = argparse.SUPPRESS


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` with a suggestion."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into an exception.

        Raises:
            UsageError: always.
        """
        text = message.removeprefix("argument ")
        if found := re.search(r"invalid choice: '?([^' ]*)'?", message):
            word = found[1]
            commands = [word_ for c in CONTRACT.commands for word_ in c.words]
            hint = did_you_mean(word, re.findall(r"[\w-]+", message[found.end() :]) or commands)
            if text.startswith("COMMAND"):
                raise UsageError(f"no such command {word!r}", hint or self._see())
            raise UsageError(text, hint or self._see())
        if found := re.match(r"unrecognized arguments: (\S+)", message):
            raise UsageError(f"no such option or argument: {found[1]}", self._nearest(found[1]))
        raise UsageError(text, self._see())

    def _nearest(self, word: str) -> str:
        every = [*CONTRACT.options, *(p for c in CONTRACT.commands for p in c.params)]
        known = {flag for param in every for flag in param.flags}
        return did_you_mean(word.split("=")[0], sorted(known)) or self._see()

    def _see(self) -> str:
        return f"see `{self.prog} --help`"


def number(kind: type, low: float, high: float | None) -> Callable[[str], Any]:
    """Return a `type=` that checks a range; argparse has none."""
    rule = f"from {low:g} to {high:g}" if high is not None else f"{low:g} or more"

    def convert(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {rule}") from None
        if not low <= value <= (value if high is None else high):
            raise argparse.ArgumentTypeError(f"{text!r} is not {rule}")
        return value

    return convert


def whole(text: str) -> int:
    """Read a task's number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def build(*, hardened: bool) -> argparse.ArgumentParser:
    """Declare the whole command line; all of it, at every start."""
    strict: dict[str, Any] = {"allow_abbrev": False} if hardened else {}
    make = Parser if hardened else argparse.ArgumentParser
    root = make(prog=CONTRACT.prog, description=CONTRACT.help, argument_default=UNSET, **strict)
    root.add_argument("--version", action="version", version=f"tasks {VERSION}")
    root.add_argument("--store", metavar="FILE", help="the file that holds the tasks")
    root.add_argument("--config", metavar="FILE", help="read this configuration file")
    root.add_argument("--profile", metavar="NAME", help="use this profile of it")
    root.add_argument("--color", choices=COLORS, help="whether to colour")
    root.add_argument("-q", "--quiet", action="store_true", help="data only: no notes")
    root.add_argument("-v", "--verbose", action="count", help="say more; repeat for more")
    root.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, help: str) -> argparse.ArgumentParser:  # noqa: A002
        return commands.add_parser(
            name, help=help, description=help, argument_default=UNSET, **strict
        )

    _tasks(command)
    _whole_lists(command)
    _others(command, strict)
    return root


def _tasks(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    add = command("add", "add a task")
    add.add_argument("title", help="what is to be done")
    add.add_argument("-p", "--priority", type=number(int, 1, 5), metavar="1..5", help="5 is urgent")
    add.add_argument("-t", "--tag", dest="tags", action="append", help="may be repeated")
    done = command("done", "mark a task as done")
    done.add_argument("id", type=whole, help="the task's number")
    rm = command("rm", "remove tasks")
    rm.add_argument("ids", type=whole, nargs="+", help="the tasks' numbers")
    work = command("work", "be busy for some seconds, to see what signals do")
    work.add_argument("seconds", type=number(float, 0, 3600), help="how long")
    work.add_argument("--linger", type=number(float, 0, 3600), help="seconds to clean up")
    work.add_argument("--crash", action="store_true", help="fail unexpectedly")


def _whole_lists(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    listing = command("list", "list tasks")
    listing.add_argument("-f", "--format", choices=FORMATS, help="how to write it")
    listing.add_argument("-n", "--limit", type=number(int, 0, None), help="at most so many")
    listing.add_argument("--order", choices=ORDERS, help="what to sort by")
    listing.add_argument("--status", choices=STATUSES, help="which tasks")
    listing.add_argument("-t", "--tag", action="append", help="only with this tag")
    export = command("export", "write all tasks to standard output or a file")
    export.add_argument("-f", "--format", choices=FORMATS, help="how to write it")
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    loading = command("import", "add tasks from a file: JSON lines, or a title a line")
    loading.add_argument("source", help="a file, or - for standard input")
    stats = command("stats", "count tasks by state, priority and tag")
    stats.add_argument("-f", "--format", choices=FORMATS, help="how to write it")


def _others(command: Callable[[str, str], argparse.ArgumentParser], strict: dict[str, Any]) -> None:
    completion = command("completion", "print a completion script")
    completion.add_argument("shell", choices=SHELLS, help="your shell")
    config = command("config", "look at settings and change them")
    inner = config.add_subparsers(dest="inner", metavar="COMMAND", required=True)
    show = inner.add_parser("show", help="show every setting", argument_default=UNSET, **strict)
    show.add_argument("-f", "--format", choices=FORMATS, help="how to write it")
    get = inner.add_parser("get", help="print one setting", argument_default=UNSET, **strict)
    get.add_argument("key", help="a setting's name")
    put = inner.add_parser("set", help="write one setting", argument_default=UNSET, **strict)
    put.add_argument("key", help="a setting's name")
    put.add_argument("value", help="the new value")
    inner.add_parser("path", help="print the files that are read", argument_default=UNSET, **strict)


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform; help and version end with SystemExit 0.

    Raises:
        UsageError: the words are wrong.
    """
    parser = build(hardened=True)
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    return perform(_parsed(parser.parse_args(argv)))


def raw(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform as a tutorial does."""
    return perform(_parsed(build(hardened=False).parse_args(argv)))


def _parsed(found: argparse.Namespace) -> ParsedCall:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in vars(found).items()
    }
    words = [values.pop("command")]
    if "inner" in values:
        words.append(values.pop("inner"))
    return ParsedCall(" ".join(words), values)
