"""`tasks` in Click: a decorator a parameter, and a context that knows what was typed.

Hardened: not standalone, so that Click neither prints nor exits; `ignore_unknown_options`
where an argument is a number, or ``-5`` would be an option.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource
from click.exceptions import NoArgsIsHelpError

from velvet_cli.contract import COLORS, FORMATS, ORDERS, SHELLS, STATUSES, VERSION, ParsedCall
from velvet_cli.errors import UsageError
from velvet_cli.frontends import Perform

NUMERIC = {"ignore_unknown_options": True}
GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def build(perform: Perform, *, hardened: bool) -> click.Group:
    """Declare the whole command line around what to do with a call."""
    numeric: dict[str, Any] = NUMERIC if hardened else {}

    def variable(name: str) -> str | None:
        # Hardened, the environment is one layer of the configuration, and not Click's affair.
        return None if hardened else f"TASKS_{name}"

    def finish(**_: Any) -> int:
        return perform(parsed(click.get_current_context()))

    shape = click.option(
        "-f",
        "--format",
        type=click.Choice(FORMATS),
        envvar=variable("FORMAT"),
        help="How to write it.",
    )

    @click.group(help="Keep a list of tasks in a file.")
    @click.option(
        "--store", metavar="FILE", envvar=variable("STORE"), help="The file of the tasks."
    )
    @click.option("--config", metavar="FILE", help="Read this configuration file.")
    @click.option("--profile", metavar="NAME", help="Use this profile of it.")
    @click.option("--color", type=click.Choice(COLORS), help="Whether to colour.")
    @click.option("-q", "--quiet", is_flag=True, help="Data only: no notes.")
    @click.option("-v", "--verbose", count=True, help="Say more; repeat for more.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @click.version_option(VERSION, message="tasks %(version)s")
    def tasks(**values: Any) -> None:
        pass

    @tasks.command(help="Add a task.")
    @click.argument("title")
    @click.option(
        "-p",
        "--priority",
        type=click.IntRange(1, 5),
        envvar=variable("PRIORITY"),
        help="5 is urgent.",
    )
    @click.option(
        "-t", "--tag", "tags", multiple=True, envvar=variable("TAGS"), help="May be repeated."
    )
    def add(**values: Any) -> int:
        return finish(**values)

    @tasks.command(name="list", help="List tasks.")
    @shape
    @click.option(
        "-n",
        "--limit",
        type=click.IntRange(min=0),
        envvar=variable("LIMIT"),
        help="At most so many.",
    )
    @click.option(
        "--order", type=click.Choice(ORDERS), envvar=variable("ORDER"), help="What to sort by."
    )
    @click.option(
        "--status", type=click.Choice(STATUSES), envvar=variable("STATUS"), help="Which tasks."
    )
    @click.option("-t", "--tag", multiple=True, help="Only with this tag.")
    def listing(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Mark a task as done.", context_settings=numeric)
    @click.argument("id", type=int)
    def done(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Remove tasks.", context_settings=numeric)
    @click.argument("ids", type=int, nargs=-1, required=True)
    def rm(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Write all tasks to standard output or a file.")
    @shape
    @click.option("-o", "--output", metavar="FILE", help="Write to this file.")
    def export(**values: Any) -> int:
        return finish(**values)

    @tasks.command(name="import", help="Add tasks from a file: JSON lines, or a title a line.")
    @click.argument("source")
    def import_(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Count tasks by state, priority and tag.")
    @shape
    def stats(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Be busy, to see what signals do.", context_settings=numeric)
    @click.argument("seconds", type=click.FloatRange(0, 3600))
    @click.option("--linger", type=click.FloatRange(0, 3600), help="Seconds to clean up.")
    @click.option("--crash", is_flag=True, help="Fail unexpectedly.")
    def work(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Print a completion script.")
    @click.argument("shell", type=click.Choice(SHELLS))
    def completion(**values: Any) -> int:
        return finish(**values)

    @tasks.group(help="Look at settings and change them.")
    def config() -> None:
        pass

    @config.command(help="Show every setting.")
    @shape
    def show(**values: Any) -> int:
        return finish(**values)

    @config.command(help="Print one setting.")
    @click.argument("key")
    def get(**values: Any) -> int:
        return finish(**values)

    @config.command(name="set", help="Write one setting.")
    @click.argument("key")
    @click.argument("value")
    def put(**values: Any) -> int:
        return finish(**values)

    @config.command(help="Print the files that are read.")
    def path(**values: Any) -> int:
        return finish(**values)

    return tasks


def parsed(context: click.Context) -> ParsedCall:
    """Return what was given, from the group's context down to the command's."""
    words, values = context.command_path.split()[1:], {}
    inner: click.Context | None = context
    while inner is not None:
        given = (name for name in inner.params if inner.get_parameter_source(name) in GIVEN)
        values.update({name: inner.params[name] for name in given})
        inner = inner.parent
    return ParsedCall(" ".join(words), values)


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform.

    Raises:
        UsageError: the words are wrong.
    """
    try:
        code = build(perform, hardened=True).main(list(argv), "tasks", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return 2
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "tasks"
        raise UsageError(error.format_message(), f"see `{path} --help`") from None
    except click.Abort:
        # Click turns both Ctrl-C and the end of the input into this; the first is the common one.
        raise KeyboardInterrupt from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Click prints and exits."""
    build(perform, hardened=False)(list(argv), "tasks")
