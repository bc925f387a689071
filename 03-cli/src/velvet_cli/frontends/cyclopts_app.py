"""`tasks` in Cyclopts: functions with annotations, validators as values, a meta app for globals.

Options of the whole program live in a *meta app*, which takes the words it knows, wherever
they stand, and hands on the rest. Hardened: errors are raised instead of printed in a box.
"""

# No `from __future__ import annotations`: the hints use local names, and are evaluated.
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from velvet_cli.contract import VERSION, ParsedCall
from velvet_cli.errors import UsageError
from velvet_cli.frontends import Perform

Format = Literal["table", "json", "ndjson", "csv", "tsv"]
Order = Literal["id", "priority", "title", "created"]
Status = Literal["open", "done", "all"]
Color = Literal["auto", "always", "never"]
Shell = Literal["bash", "zsh", "fish", "powershell"]
Names = Callable[..., Parameter]


def build(perform: Perform, *, hardened: bool, literal: Sequence[str] = ()) -> App:
    """Declare the whole command line around what to do with a call.

    Args:
        perform: does the call.
        hardened: with the settings of a production tool.
        literal: the words from ``--`` on. The meta app of Cyclopts 4 swallows the dashes, and
            takes its own options from behind them, so these words go round it.
    """
    app = App(
        name="tasks",
        help="Keep a list of tasks in a file.",
        version=f"tasks {VERSION}",
        default_parameter=Parameter(negative=()),
        # Without panels there is nothing bold that NO_COLOR would have to forbid.
        help_formatter="plain" if hardened else "default",
    )
    root: dict[str, Any] = {}

    def named(*names: str, env: str = "", **more: Any) -> Parameter:
        # Hardened, the environment is one layer of the configuration, and not Cyclopts' affair.
        variable: dict[str, Any] = {"env_var": env} if env and not hardened else {}
        return Parameter(name=names, **variable, **more)

    def finish(command: str, **values: Any) -> int:
        for key, value in values.items():
            if value is not None:
                root[key] = tuple(value) if isinstance(value, list) else value
        return perform(ParsedCall(command, root))

    @app.meta.default
    def options(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        store: Annotated[str | None, named("--store", env="TASKS_STORE")] = None,
        config: Annotated[str | None, named("--config")] = None,
        profile: Annotated[str | None, named("--profile")] = None,
        color: Annotated[Color | None, named("--color")] = None,
        quiet: Annotated[bool, named("--quiet", "-q")] = False,
        verbose: Annotated[int, named("--verbose", "-v", count=True)] = 0,
        debug: Annotated[bool, named("--debug")] = False,
    ) -> Any:
        given = {"store": store, "config": config, "profile": profile, "color": color}
        flags = {"quiet": quiet, "verbose": verbose, "debug": debug}
        root.update({key: value for key, value in given.items() if value is not None})
        root.update({key: value for key, value in flags.items() if value})
        if hardened and not words:
            return _help(app)
        return app([*words, *literal])

    _tasks(app, finish, named)
    _files(app, finish, named)
    _config(app, finish, named)
    return app


def _tasks(app: App, finish: Callable[..., int], named: Names) -> None:
    urgency = named("--priority", "-p", env="TASKS_PRIORITY", validator=Number(gte=1, lte=5))
    hour = Number(gte=0, lte=3600)

    @app.command
    def add(
        title: str,
        /,
        *,
        priority: Annotated[int | None, urgency] = None,
        tags: Annotated[list[str] | None, named("--tag", "-t", env="TASKS_TAGS")] = None,
    ) -> int:
        """Add a task."""
        return finish("add", title=title, priority=priority, tags=tags)

    @app.command
    def done(id: int, /) -> int:
        """Mark a task as done."""
        return finish("done", id=id)

    @app.command
    def rm(id: int, /, *ids: int) -> int:
        """Remove tasks."""
        return finish("rm", ids=(id, *ids))

    @app.command
    def work(
        seconds: Annotated[float, Parameter(validator=hour)],
        /,
        *,
        linger: Annotated[float | None, named("--linger", validator=hour)] = None,
        crash: bool = False,
    ) -> int:
        """Be busy, to see what signals do."""
        return finish("work", seconds=seconds, linger=linger, crash=crash or None)

    @app.command
    def completion(shell: Shell, /) -> int:
        """Print a completion script."""
        return finish("completion", shell=shell)


def _files(app: App, finish: Callable[..., int], named: Names) -> None:
    form = named("--format", "-f", env="TASKS_FORMAT")
    most = named("--limit", "-n", env="TASKS_LIMIT", validator=Number(gte=0))

    @app.command(name="list")
    def listing(
        *,
        format: Annotated[Format | None, form] = None,  # noqa: A002 - the flag's name
        limit: Annotated[int | None, most] = None,
        order: Annotated[Order | None, named("--order", env="TASKS_ORDER")] = None,
        status: Annotated[Status | None, named("--status", env="TASKS_STATUS")] = None,
        tag: Annotated[list[str] | None, named("--tag", "-t")] = None,
    ) -> int:
        """List tasks."""
        return finish("list", format=format, limit=limit, order=order, status=status, tag=tag)

    @app.command
    def export(
        *,
        format: Annotated[Format | None, form] = None,  # noqa: A002 - the flag's name
        output: Annotated[str | None, named("--output", "-o")] = None,
    ) -> int:
        """Write all tasks to standard output or a file."""
        return finish("export", format=format, output=output)

    @app.command(name="import")
    def import_(source: Annotated[str, Parameter(allow_leading_hyphen=True)], /) -> int:
        """Add tasks from a file: JSON lines, or a title a line."""
        return finish("import", source=source)

    @app.command
    def stats(*, format: Annotated[Format | None, form] = None) -> int:  # noqa: A002
        """Count tasks by state, priority and tag."""
        return finish("stats", format=format)


def _config(app: App, finish: Callable[..., int], named: Names) -> None:
    form = named("--format", "-f", env="TASKS_FORMAT")
    config = App(name="config", help="Look at settings and change them.")
    app.command(config)

    @config.command
    def show(*, format: Annotated[Format | None, form] = None) -> int:  # noqa: A002
        """Show every setting."""
        return finish("config show", format=format)

    @config.command
    def get(key: str, /) -> int:
        """Print one setting."""
        return finish("config get", key=key)

    @config.command(name="set")
    def put(key: str, value: str, /) -> int:
        """Write one setting."""
        return finish("config set", key=key, value=value)

    @config.command
    def path() -> int:
        """Print the files that are read."""
        return finish("config path")


def _help(app: App) -> int:
    app.help_print(console=app.error_console)
    return 2


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform.

    Raises:
        UsageError: the words are wrong.
    """
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    app = build(perform, hardened=True, literal=words[end:])
    quietly: dict[str, Any] = {"exit_on_error": False, "print_error": False}
    try:
        code = app.meta(words[:end], **quietly, result_action="return_value")
    except CycloptsError as error:
        path = " ".join(["tasks", *(error.command_chain or ())])
        raise UsageError(str(error).strip(), f"see `{path} --help`") from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Cyclopts prints and exits."""
    build(perform, hardened=False).meta(list(argv))
