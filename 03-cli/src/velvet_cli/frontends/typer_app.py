"""`tasks` in Typer: parameters are type hints, and everything else is Click by another name.

By another name indeed: since 0.26 Typer carries its own copy of Click, so its exceptions are
not those of the `click` package. Hardened: `rich_markup_mode=None` (help and errors without
boxes, and without loading rich), not standalone, `ignore_unknown_options` for numbers.
"""

# ruff: noqa: ARG001 - Typer reads the signatures, and the context has the values.
# No `from __future__ import annotations`: Typer evaluates the hints, and these use local names.
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer._click.globals import get_current_context

from velvet_cli.contract import VERSION, ParsedCall
from velvet_cli.errors import UsageError
from velvet_cli.frontends import Perform

Format = Literal["table", "json", "ndjson", "csv", "tsv"]
Order = Literal["id", "priority", "title", "created"]
Status = Literal["open", "done", "all"]
Color = Literal["auto", "always", "never"]
Shell = Literal["bash", "zsh", "fish", "powershell"]
Settings = dict[str, Any]


def version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"tasks {VERSION}")
        raise typer.Exit


def build(perform: Perform, *, hardened: bool) -> typer.Typer:
    """Declare the whole command line around what to do with a call."""
    plain: Settings = {"rich_markup_mode": None} if hardened else {}
    numeric: Settings = {"ignore_unknown_options": True} if hardened else {}
    tasks = typer.Typer(
        help="Keep a list of tasks in a file.", add_completion=False, no_args_is_help=True, **plain
    )
    config = typer.Typer(help="Look at settings and change them.", no_args_is_help=True, **plain)

    def variable(name: str) -> Settings:
        # Hardened, the environment is one layer of the configuration, and not Typer's affair.
        return {} if hardened else {"envvar": f"TASKS_{name}"}

    def finish() -> int:
        return perform(parsed(get_current_context()))

    @tasks.callback()
    def options(
        store: Annotated[
            str | None, Option(**variable("STORE"), help="The file of the tasks.")
        ] = None,
        config: Annotated[str | None, Option(help="Read this configuration file.")] = None,
        profile: Annotated[str | None, Option(help="Use this profile of it.")] = None,
        color: Annotated[Color | None, Option(help="Whether to colour.")] = None,
        quiet: Annotated[bool, Option("--quiet", "-q", help="Data only: no notes.")] = False,
        verbose: Annotated[int, Option("--verbose", "-v", count=True, help="Say more.")] = 0,
        debug: Annotated[bool, Option("--debug", help="Show an error's traceback.")] = False,
        version: Annotated[bool, Option("--version", callback=version, is_eager=True)] = False,
    ) -> None:
        pass

    _tasks(tasks, finish, variable, numeric)
    _files(tasks, finish, variable)
    _config(config, finish, variable)
    tasks.add_typer(config, name="config")
    return tasks


def _tasks(
    tasks: typer.Typer,
    finish: Callable[[], int],
    variable: Callable[[str], Settings],
    numeric: Settings,
) -> None:
    urgency = Option("--priority", "-p", min=1, max=5, **variable("PRIORITY"), help="5 is urgent.")
    again = Option("--tag", "-t", **variable("TAGS"), help="May be repeated.")

    @tasks.command(help="Add a task.")
    def add(
        title: str,
        priority: Annotated[int | None, urgency] = None,
        tags: Annotated[list[str] | None, again] = None,
    ) -> int:
        return finish()

    @tasks.command(help="Mark a task as done.", context_settings=numeric)
    def done(id: int) -> int:
        return finish()

    @tasks.command(help="Remove tasks.", context_settings=numeric)
    def rm(ids: list[int]) -> int:
        return finish()

    @tasks.command(help="Be busy, to see what signals do.", context_settings=numeric)
    def work(
        seconds: Annotated[float, Argument(min=0, max=3600)],
        linger: Annotated[float | None, Option(min=0, max=3600, help="To clean up.")] = None,
        crash: Annotated[bool, Option("--crash", help="Fail unexpectedly.")] = False,
    ) -> int:
        return finish()

    @tasks.command(help="Print a completion script.")
    def completion(shell: Shell) -> int:
        return finish()


def _files(
    tasks: typer.Typer, finish: Callable[[], int], variable: Callable[[str], Settings]
) -> None:
    form = Option("--format", "-f", **variable("FORMAT"), help="How to write it.")
    most = Option("--limit", "-n", min=0, **variable("LIMIT"), help="At most so many.")
    order = Option("--order", **variable("ORDER"), help="What to sort by.")
    status = Option("--status", **variable("STATUS"), help="Which tasks.")

    @tasks.command(name="list", help="List tasks.")
    def listing(
        format: Annotated[Format | None, form] = None,  # noqa: A002 - the flag's name
        limit: Annotated[int | None, most] = None,
        order: Annotated[Order | None, order] = None,
        status: Annotated[Status | None, status] = None,
        tag: Annotated[list[str] | None, Option("--tag", "-t", help="With this tag.")] = None,
    ) -> int:
        return finish()

    @tasks.command(help="Write all tasks to standard output or a file.")
    def export(
        format: Annotated[Format | None, form] = None,  # noqa: A002 - the flag's name
        output: Annotated[str | None, Option("--output", "-o", help="Write to this file.")] = None,
    ) -> int:
        return finish()

    @tasks.command(name="import", help="Add tasks from a file: JSON lines, or a title a line.")
    def import_(source: str) -> int:
        return finish()

    @tasks.command(help="Count tasks by state, priority and tag.")
    def stats(format: Annotated[Format | None, form] = None) -> int:  # noqa: A002
        return finish()


def _config(
    config: typer.Typer, finish: Callable[[], int], variable: Callable[[str], Settings]
) -> None:
    form = Option("--format", "-f", **variable("FORMAT"), help="How to write it.")

    @config.command(help="Show every setting.")
    def show(format: Annotated[Format | None, form] = None) -> int:  # noqa: A002
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


def parsed(context: Any) -> ParsedCall:
    """Return what was given, from the group's context down to the command's."""
    words, values = context.command_path.split()[1:], {}
    while context is not None:
        for name, value in context.params.items():
            source = context.get_parameter_source(name)
            if source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT"):
                values[name] = tuple(value) if isinstance(value, list) else value
        context = context.parent
    return ParsedCall(" ".join(words), values)


def _given(error: ClickException) -> str:
    """Return the bad value, which pydantic's messages about numbers leave out."""
    details = getattr(error.__cause__, "errors", None)
    if details is None:
        return ""
    value = details()[0].get("input")
    return "" if repr(value) in error.format_message() else f" (given: {value!r})"


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform.

    Raises:
        UsageError: the words are wrong.
    """
    app = build(perform, hardened=True)
    try:
        code = app(list(argv), prog_name="tasks", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show(sys.stderr)
        return 2
    except ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "tasks"
        raise UsageError(error.format_message() + _given(error), f"see `{path} --help`") from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Typer prints and exits."""
    build(perform, hardened=False)(list(argv), prog_name="tasks")
