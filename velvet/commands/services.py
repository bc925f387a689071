"""`velvet services up|down|status`."""

from __future__ import annotations

import json

import click

from velvet import services
from velvet.commands import HELP, folded
from velvet.errors import VelvetError


@click.group("services", context_settings=HELP)
def services_command() -> None:
    """Real servers on loopback: start them, stop them, see which rung would be taken."""


@services_command.command("up", context_settings=HELP)
@click.argument("names", nargs=-1, required=True)
@click.option("--rung", help="Only this rung: binary, container or wheel.")
def up(names: tuple[str, ...], rung: str | None) -> None:
    """Start NAMES (postgres, redis, rabbitmq, mongodb) until `velvet services down`."""
    failed: list[str] = []
    for name in names:
        click.echo(f"starting {name} ...", err=True)
        try:
            server, new = services.up(name, rung)
        except services.ServiceUnavailable as error:
            failed.append(str(error))
            continue
        notes = f" [{', '.join(server.notes)}]" if server.notes else ""
        state = "started" if new else "already up"
        click.echo(f"{name}: {state}, {server.version} ({server.rung}){notes}")
        click.echo(f"  VELVET_{name.upper()}_URL={server.shown}")
        for earlier, reason in server.skipped:
            click.echo(f"  not from {earlier}: {reason}")
    if failed:
        raise VelvetError("\n".join(failed))


@services_command.command("down", context_settings=HELP)
@click.argument("names", nargs=-1)
def down(names: tuple[str, ...]) -> None:
    """Stop NAMES (all by default) and clean up what a crash left behind."""
    stopped = services.down(names)
    click.echo(f"stopped {', '.join(stopped)}" if stopped else "nothing was up")


@services_command.command("status", context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
@click.option("-v", "--verbose", is_flag=True, help="Also why each rung gives no server.")
def status(as_json: bool, verbose: bool) -> None:
    """Show for each server what is up, what could be started, and what would help."""
    lines = services.status()
    if as_json:
        click.echo(json.dumps([vars(line) for line in lines], indent=2))
        return
    for line in lines:
        where = f" at {line.url}" if line.url else ""
        click.echo(folded(f"{line.name:9} {line.state}{where}: {line.detail}", indent=10))
        if verbose and line.why:
            click.echo(folded(f"{'':10}{line.why}", indent=10))
