"""`velvet completion`: the shell's completion script, made by Click."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from velvet.commands import HELP


@click.command("completion", context_settings=HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script: eval "$(velvet completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None
    command = click.get_current_context().find_root().command
    click.echo(kind(command, {}, "velvet", "_VELVET_COMPLETE").source())
