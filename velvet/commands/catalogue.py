"""`velvet list` and `velvet info`."""

from __future__ import annotations

import json
import sys

import click

from velvet import catalog
from velvet.commands import HELP

GLYPHS = {"working": "●", "incomplete": "◐", "planned": "○"}


@click.command("list", context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
@click.option("--working", is_flag=True, help="Only modules that work.")
def list_command(as_json: bool, working: bool) -> None:
    """List the modules by phase, with difficulty, hours and state."""
    modules = [m for m in catalog.everything() if not working or m.state == "working"]
    if as_json:
        click.echo(json.dumps([module.as_dict() for module in modules], indent=2))
        return
    wide = sys.stdout.isatty()
    for phase, title in catalog.PHASES.items():
        chosen = [module for module in modules if module.phase == phase]
        if not chosen:
            continue
        click.secho(f"\nPhase {phase}: {title}", bold=True)
        for module in chosen:
            glyph = GLYPHS[module.state] if wide else " "
            facts = f"{module.difficulty:12} {module.hours:>3g} h  {module.state}"
            click.echo(f"  {glyph} {module.slug:18} {module.title:32} {facts}")


@click.command("info", context_settings=HELP)
@click.argument("module")
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
def info_command(module: str, as_json: bool) -> None:
    """Show everything about one MODULE."""
    found = catalog.find(module)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    click.secho(f"{found.slug}: {found.title}", bold=True)
    click.echo(f"\n{found.question}\n{found.summary}\n")
    click.echo(f"phase          {found.phase} ({catalog.PHASES[found.phase]})")
    click.echo(f"difficulty     {found.difficulty}")
    click.echo(f"hours          {found.hours:g}")
    click.echo(f"prerequisites  {', '.join(found.prerequisites) or 'none'}")
    click.echo(f"services       {', '.join(found.services) or 'none'}")
    click.echo(f"state          {found.state}")
    if found.path is not None:
        if found.missing:
            click.echo(f"missing        {', '.join(found.missing)}")
        number = f"{found.number:02d}"
        click.echo(
            f"\nvelvet run {number}; velvet bench {number} --quick; velvet dashboard {number}"
        )
