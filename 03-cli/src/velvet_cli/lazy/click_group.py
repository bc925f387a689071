"""A Click group whose commands live in modules, each with a `command`."""

from __future__ import annotations

from typing import Any

import click

from velvet_cli.lazy.manifest import Manifest, load


class LazyGroup(click.Group):
    """A group that imports a command when it is called.

    Args:
        manifest: command -> where it is, and its summary. Where every summary is known,
            ``--help`` imports nothing.
    """

    def __init__(self, name: str, manifest: Manifest, **options: Any) -> None:
        super().__init__(name, **options)
        self.manifest = manifest

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands, which needs no import."""
        return sorted({*self.manifest, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        if cmd_name not in self.manifest:
            return super().get_command(ctx, cmd_name)
        command: click.Command = load(self.manifest[cmd_name]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, from the manifest where it knows them."""
        if any(entry.help is None for entry in self.manifest.values()):
            return super().format_commands(ctx, formatter)
        rows = [(name, self.manifest[name].help or "") for name in sorted(self.manifest)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        return None
