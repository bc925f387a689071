"""`tasks` in argparse: no dependency, a tree of parsers, and every message in one method.

Hardened: `allow_abbrev=False`, because an abbreviation that works today becomes ambiguous with the
next option; values attached to their options, so that one may begin with a dash; errors that
suggest.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from velvet_cli import contract
from velvet_cli.contenders import Perform, reader

UNSET = argparse.SUPPRESS
# Before Python 3.13 argparse drops every ``--`` that is a value; with this in front it is a word.
# No argument of a process can hold NUL.
_KEEP = "\0"


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` with a suggestion."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into an exception. Raises UsageError: always."""
        message = message.replace(_KEEP, "").replace(r"\x00", "")
        text = message.removeprefix("argument ")
        see = f"see `{self.prog} --help`"
        if found := re.search(r"invalid choice: '?([^' ]*)'?", message):
            words = [word for command in contract.CONTRACT.commands for word in command.words]
            hint = contract.nearest(
                found[1], re.findall(r"[\w-]+", message[found.end() :]) or words
            )
            command = text.startswith("COMMAND")
            raise contract.UsageError(
                f"no such command {found[1]!r}" if command else text, hint or see
            )
        if found := re.match(r"unrecognized arguments: (\S+)", message):
            known = {flag for param in contract.CONTRACT.params() for flag in param.flags}
            hint = contract.nearest(found[1].split("=")[0], known)
            raise contract.UsageError(f"no such option or argument: {found[1]}", hint or see)
        raise contract.UsageError(text, see)


def build(*, hardened: bool) -> argparse.ArgumentParser:
    """Declare the whole command line; all of it, at every start."""
    # argparse has no ranges, and takes NaN for a number.
    number = partial(reader, wrong=argparse.ArgumentTypeError)
    strict: dict[str, Any] = {"allow_abbrev": False} if hardened else {}
    make = Parser if hardened else argparse.ArgumentParser
    root = make(
        prog=contract.CONTRACT.prog,
        description=contract.CONTRACT.help,
        argument_default=UNSET,
        **strict,
    )
    root.add_argument("--version", action="version", version=f"tasks {contract.VERSION}")
    root.add_argument("--store", metavar="FILE", help="the file that holds the tasks")
    root.add_argument("--config", metavar="FILE", help="read this configuration file")
    root.add_argument("--profile", metavar="NAME", help="use this profile of it")
    root.add_argument("--color", choices=contract.COLORS, help="whether to colour")
    root.add_argument("-q", "--quiet", action="store_true", help="data only: no notes")
    root.add_argument("-v", "--verbose", action="count", help="say more; repeat for more")
    root.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str, to: Any = commands) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = to.add_parser(
            name, help=text, description=text, argument_default=UNSET, **strict
        )
        return made

    add = command("add", "add a task")
    add.add_argument("title", help="what is to be done")
    add.add_argument("-p", "--priority", type=number("add", "priority"), help="1 to 5 (urgent)")
    add.add_argument("-t", "--tag", dest="tags", action="append", help="may be repeated")
    done = command("done", "mark a task as done")
    done.add_argument("id", type=number("done", "id"), help="the task's number")
    rm = command("rm", "remove tasks")
    rm.add_argument("ids", type=number("rm", "ids"), nargs="+", help="the tasks' numbers")
    work = command("work", "be busy for some seconds, to see what signals do")
    work.add_argument("seconds", type=number("work", "seconds"), help="how long")
    work.add_argument("--linger", type=number("work", "linger"), help="seconds to clean up")
    work.add_argument("--crash", action="store_true", help="fail unexpectedly")

    listing = command("list", "list tasks")
    listing.add_argument("-f", "--format", choices=contract.FORMATS, help="how to write it")
    listing.add_argument("-n", "--limit", type=number("list", "limit"), help="at most so many")
    listing.add_argument("--order", choices=contract.ORDERS, help="what to sort by")
    listing.add_argument("--status", choices=contract.STATUSES, help="which tasks")
    listing.add_argument("-t", "--tag", action="append", help="only with this tag")
    export = command("export", "write all tasks to standard output or a file")
    export.add_argument("-f", "--format", choices=contract.FORMATS, help="how to write it")
    export.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    loading = command("import", "add tasks from a file: JSON lines, or a title a line")
    loading.add_argument("source", help="a file, or - for standard input")
    stats = command("stats", "count tasks by state, priority and tag")
    stats.add_argument("-f", "--format", choices=contract.FORMATS, help="how to write it")
    completion = command("completion", "print a completion script")
    completion.add_argument("shell", choices=contract.SHELLS, help="your shell")

    config = command("config", "look at settings and change them")
    inner = config.add_subparsers(dest="inner", metavar="COMMAND", required=True)
    show = command("show", "show every setting", inner)
    show.add_argument("-f", "--format", choices=contract.FORMATS, help="how to write it")
    get = command("get", "print one setting", inner)
    get.add_argument("key", help="a setting's name")
    put = command("set", "write one setting", inner)
    put.add_argument("key", help="a setting's name")
    put.add_argument("value", help="the new value")
    command("path", "print the files that are read", inner)
    return root


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform; help and version end with SystemExit 0.

    Raises UsageError: the words are wrong.
    """
    parser = build(hardened=True)
    if not argv:
        parser.print_help(sys.stderr)
        return 2
    words = contract.attached(argv)
    end = words.index("--") + 1 if "--" in words else len(words)
    kept = [f"{word[:-2]}{_KEEP}--" if word.endswith("=--") else word for word in words[:end]]
    kept += [_KEEP + word if word == "--" else word for word in words[end:]]
    return perform(parsed(parser.parse_args(kept)))


def raw(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform as a tutorial does."""
    return perform(parsed(build(hardened=False).parse_args(argv)))


def parsed(found: argparse.Namespace) -> contract.ParsedCall:
    """Return what was given."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(map(plain, value))
        return value.removeprefix(_KEEP) if isinstance(value, str) else value

    values = {name: plain(value) for name, value in vars(found).items()}
    words = [values.pop("command"), *([values.pop("inner")] if "inner" in values else [])]
    return contract.ParsedCall(" ".join(words), values)
