"""A Typer app whose commands live in modules, each with an `app`.

Only without rich: its help asks every command for its summary, whatever the group knows.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from velvet_cli.lazy.manifest import Manifest, load


def lazy_typer(manifest: Manifest, **options: Any) -> typer.Typer:
    """Return an app that imports a command when it is called.

    Args:
        manifest: command -> where it is, and its summary. Where every summary is known,
            ``--help`` imports nothing.
    """

    class LazyTyper(TyperGroup):
        """The group behind the app; Typer makes it from its class."""

        def list_commands(self, _: Any) -> list[str]:
            return sorted(manifest)

        def get_command(self, _: Any, cmd_name: str) -> Any:
            if cmd_name not in manifest:
                return None
            return get_command(load(manifest[cmd_name]).app)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            if any(entry.help is None for entry in manifest.values()):
                return super().format_commands(ctx, formatter)
            with formatter.section("Commands"):
                formatter.write_dl([(name, manifest[name].help or "") for name in sorted(manifest)])
            return None

    app = typer.Typer(cls=LazyTyper, rich_markup_mode=None, add_completion=False, **options)

    @app.callback()
    def group() -> None:
        """Commands that are imported when they are called."""

    return app
