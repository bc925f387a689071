"""`velvet start`: the tour. The environment is already there when this runs."""

from __future__ import annotations

import subprocess
import sys

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.commands.dashboard import headless_here, show
from velvet.errors import VelvetError

FLAGSHIP = "concurrency"


def step(number: int, total: int, text: str) -> None:
    """Announce a step of the tour."""
    click.secho(f"\n[{number}/{total}] {text}", bold=True)


@click.command("start", context_settings=HELP)
@click.argument("module", required=False)
@click.option("--no-dashboard", is_flag=True, help="End after the benchmark.")
@click.option("--headless", is_flag=True, help="Open no browser; print the address.")
@click.option("--again", is_flag=True, help="Measure again although there are results.")
@click.option("--port", type=click.IntRange(1, 65535), help="The dashboard's port.")
def start_command(
    module: str | None, no_dashboard: bool, headless: bool, again: bool, port: int | None
) -> None:
    """Set up, run MODULE's basic examples, measure quickly, open its dashboard."""
    found = catalog.find(module or FLAGSHIP)
    folder = found.folder
    total = 2 if no_dashboard else 3
    step(1, total, f"{found.slug}: basic examples")
    code = subprocess.run([sys.executable, "examples/basic.py"], cwd=folder, check=False).returncode
    if code:
        raise VelvetError(f"the examples ended with exit code {code}; `velvet doctor` may know why")
    local = folder / "benchmarks" / "results" / "local.json"
    if local.exists() and not again:
        step(2, total, "quick benchmark: already measured here (measure again with --again)")
    else:
        step(2, total, "quick benchmark: every contender, this machine, under two minutes")
        code = subprocess.run(
            [sys.executable, "benchmarks/measure.py", "--quick"], cwd=folder, check=False
        ).returncode
        if code:
            click.echo("a claim did not hold on this machine; the table above shows which one")
    if no_dashboard:
        click.echo(f"\nnext: velvet dashboard {found.number:02d}")
        return
    step(3, total, "dashboard")
    show(found, port, headless=headless or headless_here())
