"""Commands of Click that are imported when they are called.

That helps the one who calls another command, and not `--help`, which asks every command for its
summary and so imports them all; a manifest has the summaries: command -> module, and its help.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import click


class Entry(NamedTuple):
    """The module of a command. Without `help`, a list of commands has to import it to know."""

    module: str
    help: str | None = None


Manifest = Mapping[str, Entry]


def lazy_click(name: str, manifest: Manifest, **options: Any) -> click.Group:
    """Return a Click group; the module of a command has a `command`."""
    import click

    class LazyGroup(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return sorted({*manifest, *super().list_commands(ctx)})

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            if cmd_name not in manifest:
                return super().get_command(ctx, cmd_name)
            command: click.Command = import_module(manifest[cmd_name].module).command
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            if any(entry.help is None for entry in manifest.values()):
                return super().format_commands(ctx, formatter)
            # Commands may also have been added as usual, by a decorator.
            helps = {name: one.get_short_help_str() for name, one in self.commands.items()}
            helps |= {name: entry.help or "" for name, entry in manifest.items()}
            with formatter.section("Commands"):
                formatter.write_dl(sorted(helps.items()))
            return None

    return LazyGroup(name, **options)
