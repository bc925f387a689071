"""`velvet report`: README tables from results, never by hand."""

from __future__ import annotations

import click

from velvet import report
from velvet.commands import HELP


@click.command("report", context_settings=HELP)
@click.option("--check", is_flag=True, help="Fail when a README is stale; write nothing.")
@click.option(
    "--measure", is_flag=True, help="First run all tests and count what the repository holds."
)
def report_command(check: bool, measure: bool) -> None:
    """Regenerate the marked parts of every README from the results files."""
    if measure:
        report.measure_numbers()
    stale = report.everything(check=check)
    for path, lines in stale:
        click.echo(f"{path}: {'stale' if check else 'written'} ({', '.join(lines)})")
    if check and stale:
        click.echo("run `velvet report` and commit what it writes", err=True)
        raise SystemExit(1)
    if not stale:
        click.echo("every README agrees with its results")
