"""`velvet report`: README tables from results, never by hand."""

from __future__ import annotations

import click

from velvet import report
from velvet.commands import HELP
from velvet.report.badges import measure_coverage


@click.command("report", context_settings=HELP)
@click.option("--check", is_flag=True, help="Fail when a file is stale; write nothing.")
@click.option("--measure", is_flag=True, help="First run all tests and write down their coverage.")
def report_command(check: bool, measure: bool) -> None:
    """Regenerate README parts, RESULTS.md files and badges from the results files."""
    if measure:
        measure_coverage()
    stale = report.everything(check=check)
    for path, lines in stale:
        click.echo(f"{path}: {'stale' if check else 'written'} ({', '.join(lines)})")
    if check and stale:
        click.echo("run `velvet report` and commit what it writes", err=True)
        raise SystemExit(1)
    if not stale:
        click.echo("every README agrees with its results")
