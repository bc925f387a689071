"""The `velvet` command: thin, and each sub-command imported only when it is called.

Start-up is what every use pays, so this file knows the names and one-line helps of the
sub-commands, and nothing of what they import. A user's mistake ends as one sentence on
standard error with exit code 2, a failed check with 1.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from velvet import __version__
from velvet.errors import VelvetError, nearest

# Name -> (module of velvet.commands, one-line help). The order is the order of `--help`.
COMMANDS = {
    "start": ("start", "The tour: set up, run the basic examples, measure, open the dashboard."),
    "test": ("test", "Run the tests of modules (all by default), with coverage."),
    "list": ("catalogue", "The catalogue of modules by phase."),
    "info": ("catalogue", "Everything about one module."),
    "run": ("run", "Run a module's examples."),
    "bench": ("bench", "Measure modules and judge their claims."),
    "compare": ("bench", "This machine beside the reference results, ratio by ratio."),
    "dashboard": ("dashboard", "Open one module's dashboard, or the hub with all of them."),
    "report": ("report", "Write the README tables from the results, or check them."),
    "services": ("services", "Real servers: up, down, status."),
    "doctor": ("doctor", "What is installed, missing or too old, and what to do about it."),
    "new": ("new", "Make a new module that passes every check."),
    "completion": ("completion", "Print the shell's completion script."),
}


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is called, and says in one line what failed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"velvet.commands.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise click.UsageError(
                f"there is no command {args[0]!r}.{nearest(args[0], COMMANDS)} Known are: {known}"
            )
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter  # noqa: ARG002
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; Click itself would end Ctrl-C and a broken pipe with exit code 1."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(130)
        except BrokenPipeError as error:
            _end_without_output(error)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the words; `--help` and `--version` are answered here already."""
        try:
            return super().make_context(*args, **extra)
        except BrokenPipeError as error:
            _end_without_output(error)

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]  # standalone only
        """Run the command; ends the process.

        Click's own ending would give a reader who went away exit code 1, and a full disk a
        traceback; see module 03, where both are measured against other tools.
        """
        soften_streams()
        try:
            code = super().main(args=args, **{**extra, "standalone_mode": False})
            sys.stdout.flush()
        except VelvetError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:  # a prompt that got no answer
            click.echo("stopped", err=True)
            sys.exit(130)
        except OSError as error:
            _end_without_output(error)
        sys.exit(code if isinstance(code, int) else 0)


def _end_without_output(error: OSError) -> NoReturn:
    """End after a write to standard output failed; any other error keeps its traceback."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF):
        raise error
    # What is still buffered would fail once more when the interpreter flushes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno == errno.EPIPE:
        sys.exit(128 + 13)  # as if SIGPIPE had ended us: what a shell expects of `velvet | head`
    click.echo(f"the output could not be written: {error.strerror}", err=True)
    sys.exit(1)


def soften_streams() -> None:
    """Let a console without UTF-8 show a question mark instead of a traceback."""
    if sys.stdout is None:  # closed by whoever started us
        click.echo("standard output is closed; give it a file or a terminal", err=True)
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="velvet")
def main() -> None:
    """How Python really performs: run it, measure it, see it.

    Modules are named by number, name or prefix: 9, 09, concurrency.
    """
