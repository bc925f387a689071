"""The command line of `tasks` as data: what four front ends implement and every test reads.

Written once, so that "the four behave alike" is a loop over a table and not an opinion:
the contract suite, the completion scripts, the configuration's types and the round-trip
property are generated from `CONTRACT`. Named tuples and not dataclasses, because importing
`dataclasses` costs a command-line tool more than everything else in this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from velvet_cli.exits import Exit

Kind = Literal["argument", "option", "flag", "count"]
FORMATS = ("table", "json", "ndjson", "csv", "tsv")
ORDERS = ("id", "priority", "title", "created")
STATUSES = ("open", "done", "all")
COLORS = ("auto", "always", "never")
VERSION = "1.0.0"
SHELLS = ("bash", "zsh", "fish", "powershell")


class Param(NamedTuple):
    """One argument or option.

    Attributes:
        name: the key in `ParsedCall.values`, in settings and in configuration files.
        kind: a positional `argument`, an `option` with a value, a `flag`, or a `count` (-vv).
        type: `str`, `int` or `float`; flags are `bool`, counts `int`.
        flags: as typed, the long one first; empty for arguments.
        choices: the allowed values, if they are few.
        range: smallest and largest allowed number, both included; None is no bound.
        multiple: may be repeated; the value is then a tuple.
        env: the variable that sets it; several values in it are split at commas.
        setting: whether a configuration file may set it, under `name`.
        dynamic: where a shell finds values at Tab time: tasks, tags, keys, files.
    """

    name: str
    kind: Kind
    help: str
    flags: tuple[str, ...] = ()
    type: type = str
    choices: tuple[str, ...] = ()
    range: tuple[float | None, float | None] | None = None
    multiple: bool = False
    required: bool = False
    env: str | None = None
    default: Any = None
    setting: bool = False
    dynamic: Literal["tasks", "tags", "keys", "files"] | None = None

    @property
    def long(self) -> str:
        """The long flag, or the argument's name as help shows it."""
        return self.flags[0] if self.flags else self.name.upper()


class CommandSpec(NamedTuple):
    """One command: its words (``"config show"`` has two), its help and its parameters."""

    name: str
    help: str
    params: tuple[Param, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The command as typed, word by word."""
        return tuple(self.name.split())

    def param(self, name: str) -> Param:
        """Return one parameter.

        Raises:
            KeyError: the command has none of that name.
        """
        for param in self.params:
            if param.name == name:
                return param
        raise KeyError(f"{self.name} has no parameter {name!r}")


class Contract(NamedTuple):
    """A whole command line: its name, the options before the command, the commands."""

    prog: str
    help: str
    options: tuple[Param, ...]
    commands: tuple[CommandSpec, ...]

    def command(self, name: str) -> CommandSpec:
        """Return one command.

        Raises:
            KeyError: there is none of that name.
        """
        for command in self.commands:
            if command.name == name:
                return command
        raise KeyError(f"no command {name!r}")

    def settings(self) -> dict[str, Param]:
        """Return what configuration files may set, by name."""
        everything = [*self.options, *(p for command in self.commands for p in command.params)]
        return {param.name: param for param in everything if param.setting}

    def groups(self) -> Iterator[str]:
        """Yield the first words that have commands of their own below them."""
        seen = dict.fromkeys(c.words[0] for c in self.commands if len(c.words) > 1)
        yield from seen


class ParsedCall(NamedTuple):
    """What a front end understood: the command, and every value that was typed.

    A value that was not typed is absent, so that the layers below the command line
    (environment, files, defaults) can still have their say.
    """

    command: str
    values: Mapping[str, Any]


class ExitContract(NamedTuple):
    """One promise about how the program ends."""

    when: str
    code: Exit


_PRIORITY = Param(
    "priority", "option", "1 (low) to 5 (urgent).", ("--priority", "-p"), int,
    range=(1, 5), env="TASKS_PRIORITY", default=3, setting=True,
)  # fmt: skip
_FORMAT = Param(
    "format", "option", "How to write it.", ("--format", "-f"), choices=FORMATS,
    env="TASKS_FORMAT", default="table", setting=True,
)  # fmt: skip
_ID = Param("id", "argument", "The task's number.", type=int, required=True, dynamic="tasks")
_KEY = Param("key", "argument", "A setting's name.", required=True, dynamic="keys")

CONTRACT = Contract(
    prog="tasks",
    help="Keep a list of tasks in a file.",
    options=(
        Param(
            "store", "option", "The file that holds the tasks.", ("--store",),
            env="TASKS_STORE", default="tasks.jsonl", setting=True, dynamic="files",
        ),
        Param(
            "config", "option", "Read this configuration file instead of the project's.",
            ("--config",), env="TASKS_CONFIG", dynamic="files",
        ),
        Param("profile", "option", "Use this profile of the configuration.", ("--profile",), env="TASKS_PROFILE"),
        Param(
            "color", "option", "Whether to colour.", ("--color",), choices=COLORS,
            env="TASKS_COLOR", default="auto", setting=True,
        ),
        Param("quiet", "flag", "Data only: no notes on standard error.", ("--quiet", "-q"), bool, default=False),
        Param("verbose", "count", "Say more; repeat for more.", ("--verbose", "-v"), int, default=0),
        Param("debug", "flag", "Show the traceback of an unexpected error.", ("--debug",), bool, default=False),
    ),
    commands=(
        CommandSpec("add", "Add a task.", (
            Param("title", "argument", "What is to be done.", required=True),
            _PRIORITY,
            Param(
                "tags", "option", "A tag; may be repeated.", ("--tag", "-t"), multiple=True,
                env="TASKS_TAGS", default=(), setting=True, dynamic="tags",
            ),
        )),
        CommandSpec("list", "List tasks.", (
            _FORMAT,
            Param(
                "limit", "option", "At most so many tasks.", ("--limit", "-n"), int,
                range=(0, None), env="TASKS_LIMIT", setting=True,
            ),
            Param(
                "order", "option", "What to sort by.", ("--order",), choices=ORDERS,
                env="TASKS_ORDER", default="id", setting=True,
            ),
            Param(
                "status", "option", "Which tasks.", ("--status",), choices=STATUSES,
                env="TASKS_STATUS", default="all", setting=True,
            ),
            Param(
                "tag", "option", "Only tasks with this tag; may be repeated.", ("--tag", "-t"),
                multiple=True, default=(), dynamic="tags",
            ),
        )),
        CommandSpec("done", "Mark a task as done.", (_ID,)),
        CommandSpec("rm", "Remove tasks.", (
            Param(
                "ids", "argument", "The tasks' numbers.", type=int, required=True,
                multiple=True, dynamic="tasks",
            ),
        )),
        CommandSpec("export", "Write all tasks to standard output or a file.", (
            _FORMAT,
            Param("output", "option", "Write to this file.", ("--output", "-o"), dynamic="files"),
        )),
        CommandSpec("import", "Add tasks from a file: JSON lines, or a title a line.", (
            Param("source", "argument", "A file, or - for standard input.", required=True, dynamic="files"),
        )),
        CommandSpec("stats", "Count tasks by state, priority and tag.", (_FORMAT,)),
        CommandSpec("work", "Be busy for some seconds, to see what signals do.", (
            Param("seconds", "argument", "How long.", type=float, range=(0, 3600), required=True),
            Param(
                "linger", "option", "Take so many seconds to clean up.", ("--linger",), float,
                range=(0, 3600), default=0.0,
            ),
            Param("crash", "flag", "Fail unexpectedly, to see how that is told.", ("--crash",), bool, default=False),
        )),
        CommandSpec("config show", "Show every setting and where it came from.", (_FORMAT,)),
        CommandSpec("config get", "Print one setting.", (_KEY,)),
        CommandSpec("config set", "Write one setting to the user's file.", (
            _KEY, Param("value", "argument", "The new value.", required=True),
        )),
        CommandSpec("config path", "Print the files that are read, nearest first."),
        CommandSpec("completion", "Print a completion script.", (
            Param("shell", "argument", "Your shell.", choices=SHELLS, required=True),
        )),
    ),
)  # fmt: skip

EXIT_CONTRACT = (
    ExitContract("it worked, or help or the version was asked for", Exit.OK),
    ExitContract("there is no such task", Exit.FAILURE),
    ExitContract("a command, option, value or argument is wrong or missing", Exit.USAGE),
    ExitContract("a title, an imported line or the store holds invalid data", Exit.DATAERR),
    ExitContract("a named file cannot be read", Exit.NOINPUT),
    ExitContract("an optional package is missing", Exit.UNAVAILABLE),
    ExitContract("the program has a mistake", Exit.SOFTWARE),
    ExitContract("writing failed", Exit.IOERR),
    ExitContract("another process holds the store", Exit.TEMPFAIL),
    ExitContract("a configuration file is wrong", Exit.CONFIG),
    ExitContract("Ctrl-C", Exit.INTERRUPTED),
    ExitContract("the reader went away", Exit.PIPE),
    ExitContract("asked to end", Exit.TERMINATED),
)


def render(call: ParsedCall, contract: Contract = CONTRACT) -> list[str]:
    """Return the words that make any front end understand this call: the inverse of parsing.

    Options stand before the command they belong to, values are attached with ``=`` (so that
    one may begin with a dash), and arguments follow ``--`` (POSIX guideline 10).

    Raises:
        KeyError: the contract has no such command.
    """
    command = contract.command(call.command)
    words: list[str] = []
    for params, before in ((contract.options, ()), (command.params, command.words)):
        words += before
        for param in params:
            if param.name in call.values and param.kind != "argument":
                words += _option(param, call.values[param.name])
    arguments: list[str] = []
    for param in command.params:
        if param.kind == "argument" and param.name in call.values:
            value = call.values[param.name]
            arguments += [str(one) for one in (value if param.multiple else (value,))]
    return [*words, "--", *arguments] if arguments else words


def _option(param: Param, value: Any) -> list[str]:
    if param.kind == "flag":
        return [param.long] if value else []
    if param.kind == "count":
        return [param.long] * value
    return [f"{param.long}={one}" for one in (value if param.multiple else (value,))]
