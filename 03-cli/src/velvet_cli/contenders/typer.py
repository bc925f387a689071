"""`tasks` in Typer: parameters are type hints, and everything else is Click by another name.

Since 0.26 Typer carries its own copy of Click, so its exceptions are not those of `click`.
Hardened: no rich (boxes, and the time to load it), not standalone, `ignore_unknown_options` for
numbers, ``-h``, and ``1.0`` is no whole number.
"""

# ruff: noqa: ARG001 - Typer reads the signatures, and the context has the values.
# No `from __future__ import annotations`: Typer evaluates the hints, and these use local names.
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer import Argument, Option
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer._click.globals import get_current_context

from velvet_cli import contract
from velvet_cli.contenders import Perform, parsed, reader, refused

Settings = dict[str, Any]


def version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"tasks {contract.VERSION}")
        raise typer.Exit


def build(perform: Perform, *, hardened: bool) -> typer.Typer:
    """Declare the whole command line around what to do with a call."""
    plain: Settings = {"rich_markup_mode": None} if hardened else {}
    numeric: Settings = {"ignore_unknown_options": True} if hardened else {}
    helped: Settings = {"help_option_names": ["-h", "--help"]} if hardened else {}
    tasks = typer.Typer(
        help="Keep a list of tasks in a file.",
        add_completion=False,
        no_args_is_help=True,
        context_settings=helped,
        **plain,
    )
    config = typer.Typer(help="Look at settings and change them.", no_args_is_help=True, **plain)
    tasks.add_typer(config, name="config")

    def variable(name: str) -> Settings:
        # Hardened, the environment is one layer of the configuration, and not Typer's affair.
        return {} if hardened else {"envvar": f"TASKS_{name}"}

    def number(command: str, name: str) -> Settings:
        return {"parser": reader(command, name, typer.BadParameter)} if hardened else {}

    def finish() -> int:
        return perform(parsed(get_current_context()))

    stored = Option(**variable("STORE"), help="The file of the tasks.")

    @tasks.callback()
    def options(
        store: Annotated[str | None, stored] = None,
        config: Annotated[str | None, Option(help="Read this configuration file.")] = None,
        profile: Annotated[str | None, Option(help="Use this profile of it.")] = None,
        color: Annotated[contract.Color | None, Option(help="Whether to colour.")] = None,
        quiet: Annotated[bool, Option("--quiet", "-q", help="Data only: no notes.")] = False,
        verbose: Annotated[int, Option("--verbose", "-v", count=True, help="Say more.")] = 0,
        debug: Annotated[bool, Option("--debug", help="Show an error's traceback.")] = False,
        version: Annotated[bool, Option("--version", callback=version, is_eager=True)] = False,
    ) -> None:
        pass

    urgent: Settings = {"min": 1, "max": 5, **number("add", "priority"), **variable("PRIORITY")}
    urgency = Option("--priority", "-p", **urgent, help="5 is urgent.")
    again = Option("--tag", "-t", **variable("TAGS"), help="May be repeated.")

    @tasks.command(help="Add a task.")
    def add(
        title: str,
        priority: Annotated[int | None, urgency] = None,
        tags: Annotated[list[str] | None, again] = None,
    ) -> int:
        return finish()

    @tasks.command(help="Mark a task as done.", context_settings=numeric)
    def done(id: Annotated[int, Argument(**number("done", "id"))]) -> int:
        return finish()

    @tasks.command(help="Remove tasks.", context_settings=numeric)
    def rm(ids: Annotated[list[int], Argument(**number("rm", "ids"))]) -> int:
        return finish()

    duration = Argument(min=0, max=3600, **number("work", "seconds"))
    lingering = Option(min=0, max=3600, **number("work", "linger"), help="To clean up.")

    @tasks.command(help="Be busy, to see what signals do.", context_settings=numeric)
    def work(
        seconds: Annotated[float, duration],
        linger: Annotated[float | None, lingering] = None,
        crash: Annotated[bool, Option("--crash", help="Fail unexpectedly.")] = False,
    ) -> int:
        return finish()

    @tasks.command(help="Print a completion script.")
    def completion(shell: contract.Shell) -> int:
        return finish()

    form = Option("--format", "-f", **variable("FORMAT"), help="How to write it.")
    most: Settings = {"min": 0, **number("list", "limit"), **variable("LIMIT")}
    limiting = Option("--limit", "-n", **most, help="At most so many.")
    sorting = Option("--order", **variable("ORDER"), help="What to sort by.")
    state = Option("--status", **variable("STATUS"), help="Which tasks.")

    @tasks.command(name="list", help="List tasks.")
    def listing(
        format: Annotated[contract.Format | None, form] = None,  # noqa: A002 - the flag's name
        limit: Annotated[int | None, limiting] = None,
        order: Annotated[contract.Order | None, sorting] = None,
        status: Annotated[contract.Status | None, state] = None,
        tag: Annotated[list[str] | None, Option("--tag", "-t", help="With this tag.")] = None,
    ) -> int:
        return finish()

    @tasks.command(help="Write all tasks to standard output or a file.")
    def export(
        format: Annotated[contract.Format | None, form] = None,  # noqa: A002 - the flag's name
        output: Annotated[str | None, Option("--output", "-o", help="Write to this file.")] = None,
    ) -> int:
        return finish()

    @tasks.command(name="import", help="Add tasks from a file: JSON lines, or a title a line.")
    def import_(source: str) -> int:
        return finish()

    @tasks.command(help="Count tasks by state, priority and tag.")
    def stats(format: Annotated[contract.Format | None, form] = None) -> int:  # noqa: A002
        return finish()

    @config.command(help="Show every setting.")
    def show(format: Annotated[contract.Format | None, form] = None) -> int:  # noqa: A002
        return finish()

    @config.command(help="Print one setting.")
    def get(key: str) -> int:
        return finish()

    @config.command(name="set", help="Write one setting.")
    def put(key: str, value: str) -> int:
        return finish()

    @config.command(help="Print the files that are read.")
    def path() -> int:
        return finish()

    return tasks


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform. Raises UsageError: the words are wrong."""
    app = build(perform, hardened=True)
    try:
        code = app(list(argv), prog_name="tasks", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return 2
    except ClickException as error:
        raise refused(error, error.format_message()) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Typer prints and exits."""
    build(perform, hardened=False)(list(argv), prog_name="tasks")
