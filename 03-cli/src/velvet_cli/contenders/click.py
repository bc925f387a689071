"""`tasks` in Click: a decorator a parameter, and a context that knows what was typed.

Hardened: not standalone, so that Click neither prints nor exits; `ignore_unknown_options` where an
argument is a number, or ``-5`` would be an option; ``-h`` beside ``--help``; a range without NaN.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from velvet_cli import contract
from velvet_cli.contenders import Perform, parsed, reader, refused


def build(perform: Perform, *, hardened: bool) -> click.Group:
    """Declare the whole command line around what to do with a call."""
    numeric: dict[str, Any] = {"ignore_unknown_options": True} if hardened else {}
    helped: dict[str, Any] = {"help_option_names": ["-h", "--help"]} if hardened else {}

    def hour(name: str) -> Any:
        # In Click's own range lies NaN, because no comparison with it is true.
        return reader("work", name, click.BadParameter) if hardened else click.FloatRange(0, 3600)

    def variable(name: str) -> str | None:
        # Hardened, the environment is one layer of the configuration, and not Click's affair.
        return None if hardened else f"TASKS_{name}"

    def finish(**_: Any) -> int:
        return perform(parsed(click.get_current_context()))

    shape = click.option(
        "-f",
        "--format",
        type=click.Choice(contract.FORMATS),
        envvar=variable("FORMAT"),
        help="How to write it.",
    )

    @click.group(help="Keep a list of tasks in a file.", context_settings=helped)
    @click.option("--store", metavar="FILE", envvar=variable("STORE"), help="The tasks' file.")
    @click.option("--config", metavar="FILE", help="Read this configuration file.")
    @click.option("--profile", metavar="NAME", help="Use this profile of it.")
    @click.option("--color", type=click.Choice(contract.COLORS), help="Whether to colour.")
    @click.option("-q", "--quiet", is_flag=True, help="Data only: no notes.")
    @click.option("-v", "--verbose", count=True, help="Say more; repeat for more.")
    @click.option("--debug", is_flag=True, help="Show the traceback of an error.")
    @click.version_option(contract.VERSION, message="tasks %(version)s")
    def tasks(**values: Any) -> None:
        pass

    urgency: dict[str, Any] = {"type": click.IntRange(1, 5), "envvar": variable("PRIORITY")}
    tags: dict[str, Any] = {"multiple": True, "envvar": variable("TAGS")}

    @tasks.command(help="Add a task.")
    @click.argument("title")
    @click.option("-p", "--priority", **urgency, help="5 is urgent.")
    @click.option("-t", "--tag", "tags", **tags, help="May be repeated.")
    def add(**values: Any) -> int:
        return finish(**values)

    most: dict[str, Any] = {"type": click.IntRange(min=0), "envvar": variable("LIMIT")}
    order: dict[str, Any] = {"type": click.Choice(contract.ORDERS), "envvar": variable("ORDER")}
    status: dict[str, Any] = {"type": click.Choice(contract.STATUSES), "envvar": variable("STATUS")}

    @tasks.command(name="list", help="List tasks.")
    @shape
    @click.option("-n", "--limit", **most, help="At most so many.")
    @click.option("--order", **order, help="What to sort by.")
    @click.option("--status", **status, help="Which tasks.")
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
    @click.argument("seconds", type=hour("seconds"))
    @click.option("--linger", type=hour("linger"), help="Seconds to clean up.")
    @click.option("--crash", is_flag=True, help="Fail unexpectedly.")
    def work(**values: Any) -> int:
        return finish(**values)

    @tasks.command(help="Print a completion script.")
    @click.argument("shell", type=click.Choice(contract.SHELLS))
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


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform. Raises UsageError: the words are wrong."""
    try:
        code = build(perform, hardened=True).main(list(argv), "tasks", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return 2
    except click.ClickException as error:
        raise refused(error, error.format_message()) from None
    except click.Abort:
        # Click turns both Ctrl-C and the end of the input into this; the first is the common one.
        raise KeyboardInterrupt from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Click prints and exits."""
    build(perform, hardened=False)(list(argv), "tasks")
