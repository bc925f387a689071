"""`tasks` in Cyclopts: functions with annotations, validators, a meta app for globals.

The *meta app* takes the words it knows, wherever they stand, and hands on the rest. Hardened: it is
given the words before the command only, errors are raised, and ``1.0`` is no whole number.
"""

# No `from __future__ import annotations`: the hints use local names, and are evaluated.
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from velvet_cli import contract
from velvet_cli.contenders import Perform, reader

QUIETLY: dict[str, Any] = {
    "exit_on_error": False,
    "print_error": False,
    "result_action": "return_value",
}


def no_option(_: Any, value: str) -> None:
    """Refuse a word such as ``-x`` where ``-`` alone is allowed; ValueError."""
    if value.startswith("-") and value != "-":
        raise ValueError(f"no such option: {value}")


def build(perform: Perform, *, hardened: bool, literal: Sequence[str] = ()) -> App:
    """Declare the whole command line around what to do with a call.

    The words of `literal`, from the command on, go round the meta app: it would take its own
    options out of them, even from behind ``--``, and swallow the dashes.
    """
    app = App(
        name="tasks",
        help="Keep a list of tasks in a file.",
        version=f"tasks {contract.VERSION}",
        default_parameter=Parameter(negative=()),
        # Without panels there is nothing bold that NO_COLOR would have to forbid.
        help_formatter="plain" if hardened else "default",
    )
    root: dict[str, Any] = {}

    def named(*names: str, env: str = "", **more: Any) -> Parameter:
        # Hardened, the environment is one layer of the configuration, and not Cyclopts' affair.
        variable: dict[str, Any] = {"env_var": env} if env and not hardened else {}
        return Parameter(name=names, **variable, **more)

    def number(command: str, name: str) -> dict[str, Any]:
        read = reader(command, name, ValueError)
        return (
            {"converter": lambda _, tokens: read(tokens[0].value), "n_tokens": 1}
            if hardened
            else {}
        )

    def finish(command: str, **values: Any) -> int:
        for key, value in values.items():
            if value is not None:
                root[key] = tuple(value) if isinstance(value, list) else value
        return perform(contract.ParsedCall(command, root))

    @app.meta.default
    def options(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        store: Annotated[str | None, named("--store", env="TASKS_STORE")] = None,
        config: Annotated[str | None, named("--config")] = None,
        profile: Annotated[str | None, named("--profile")] = None,
        color: Annotated[contract.Color | None, named("--color")] = None,
        quiet: Annotated[bool, named("--quiet", "-q")] = False,
        verbose: Annotated[int, named("--verbose", "-v", count=True)] = 0,
        debug: Annotated[bool, named("--debug")] = False,
    ) -> Any:
        given = {"store": store, "config": config, "profile": profile, "color": color}
        flags = {"quiet": quiet, "verbose": verbose, "debug": debug}
        root.update({key: value for key, value in given.items() if value is not None})
        root.update({key: value for key, value in flags.items() if value})
        if hardened and not (words or literal):
            app.help_print(console=app.error_console)
            return 2
        return app([*words, *literal], **(QUIETLY if hardened else {}))

    urgent = Number(gte=1, lte=5)
    urgency = named(
        "--priority", "-p", env="TASKS_PRIORITY", validator=urgent, **number("add", "priority")
    )
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
    def done(id: Annotated[int, Parameter(**number("done", "id"))], /) -> int:
        """Mark a task as done."""
        return finish("done", id=id)

    every = Parameter(**number("rm", "ids"))

    @app.command
    def rm(id: Annotated[int, every], /, *ids: Annotated[int, every]) -> int:
        """Remove tasks."""
        return finish("rm", ids=(id, *ids))

    @app.command
    def work(
        seconds: Annotated[float, Parameter(validator=hour, **number("work", "seconds"))],
        /,
        *,
        linger: Annotated[
            float | None, named("--linger", validator=hour, **number("work", "linger"))
        ] = None,
        crash: bool = False,
    ) -> int:
        """Be busy, to see what signals do."""
        return finish("work", seconds=seconds, linger=linger, crash=crash or None)

    @app.command
    def completion(shell: contract.Shell, /) -> int:
        """Print a completion script."""
        return finish("completion", shell=shell)

    form = named("--format", "-f", env="TASKS_FORMAT")
    most = named(
        "--limit", "-n", env="TASKS_LIMIT", validator=Number(gte=0), **number("list", "limit")
    )

    @app.command(name="list")
    def listing(
        *,
        format: Annotated[contract.Format | None, form] = None,  # noqa: A002 - the flag's name
        limit: Annotated[int | None, most] = None,
        order: Annotated[contract.Order | None, named("--order", env="TASKS_ORDER")] = None,
        status: Annotated[contract.Status | None, named("--status", env="TASKS_STATUS")] = None,
        tag: Annotated[list[str] | None, named("--tag", "-t")] = None,
    ) -> int:
        """List tasks."""
        return finish("list", format=format, limit=limit, order=order, status=status, tag=tag)

    @app.command
    def export(
        *,
        format: Annotated[contract.Format | None, form] = None,  # noqa: A002 - the flag's name
        output: Annotated[str | None, named("--output", "-o")] = None,
    ) -> int:
        """Write all tasks to standard output or a file."""
        return finish("export", format=format, output=output)

    # Only with this is ``-`` a value at all.
    dash: dict[str, Any] = {"allow_leading_hyphen": True}
    dash |= {"validator": no_option} if hardened and "--" not in literal else {}

    @app.command(name="import")
    def import_(source: Annotated[str, Parameter(**dash)], /) -> int:
        """Add tasks from a file: JSON lines, or a title a line."""
        return finish("import", source=source)

    @app.command
    def stats(*, format: Annotated[contract.Format | None, form] = None) -> int:  # noqa: A002
        """Count tasks by state, priority and tag."""
        return finish("stats", format=format)

    config = App(name="config", help="Look at settings and change them.")
    app.command(config)

    @config.command
    def show(*, format: Annotated[contract.Format | None, form] = None) -> int:  # noqa: A002
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

    return app


def call(argv: Sequence[str], perform: Perform) -> int:
    """Parse and perform. Raises UsageError: the words are wrong."""
    words = contract.attached(argv)
    command = next(
        (at for at, word in enumerate(words) if word[:1] != "-" or word in ("-", "--")), None
    )
    before, literal = words[:command], words[len(words) if command is None else command :]
    app = build(perform, hardened=True, literal=literal)
    try:
        code = app.meta(before, **QUIETLY)
    except CycloptsError as error:
        path = " ".join(["tasks", *(error.command_chain or ())])
        raise contract.UsageError(str(error).strip(), f"see `{path} --help`") from None
    return int(code or 0)


def raw(argv: Sequence[str], perform: Perform) -> None:
    """Parse and perform as a tutorial does: Cyclopts prints and exits."""
    build(perform, hardened=False).meta(list(argv))
