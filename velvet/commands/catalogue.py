"""`velvet list` and `velvet info`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from velvet import budget, catalog
from velvet.commands import HELP

GLYPHS = {"working": "●", "incomplete": "◐", "planned": "○"}
PLAIN = {"working": "*", "incomplete": "~", "planned": " "}


@click.command("list", context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
@click.option("--working", is_flag=True, help="Only modules that work.")
def list_command(as_json: bool, working: bool) -> None:
    """List the modules by phase with the question that each answers, and mark what works."""
    modules = [m for m in catalog.everything() if not working or m.state == "working"]
    if as_json:
        click.echo(json.dumps([module.as_dict() for module in modules], indent=2))
        return
    glyphs = GLYPHS if sys.stdout.isatty() else PLAIN
    for phase, title in catalog.PHASES.items():
        chosen = [module for module in modules if module.phase == phase]
        if not chosen:
            continue
        click.secho(f"\nPhase {phase}: {title}", bold=True)
        for module in chosen:
            facts = f"{module.difficulty:12} {module.hours:>3g} h  {module.state}"
            click.echo(f"  {glyphs[module.state]} {module.slug:18} {module.title:32} {facts}")
            click.echo(f"      {module.question}")


@click.command("info", context_settings=HELP)
@click.argument("module")
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
def info_command(module: str, as_json: bool) -> None:
    """Show everything about one MODULE: what it holds, and each figure beside its budget."""
    found = catalog.find(module)
    holds = {} if found.path is None or found.missing else contents(found)
    figures = budget.figures(found) if holds else []
    if as_json:
        sizes = {one.name: {"value": one.value, "limit": one.limit} for one in figures}
        click.echo(json.dumps({**found.as_dict(), **holds, "budget": sizes}, indent=2))
        return
    click.secho(f"{found.slug}: {found.title}", bold=True)
    click.echo(f"\n{found.question}\n{found.summary}\n")
    click.echo(f"phase          {found.phase} ({catalog.PHASES[found.phase]})")
    click.echo(f"difficulty     {found.difficulty}")
    click.echo(f"hours          {found.hours:g}")
    click.echo(f"prerequisites  {', '.join(found.prerequisites) or 'none'}")
    click.echo(f"services       {', '.join(found.services) or 'none'}")
    click.echo(f"state          {found.state}")
    if found.path is None:
        return
    if found.missing:
        click.echo(f"missing        {', '.join(found.missing)}")
    for kind, names in holds.items():
        click.secho(f"\n{kind}", bold=True)
        for name in names:
            click.echo(f"  {name}")
    if figures:
        click.secho("\nbudget", bold=True)
        for figure in figures:
            click.echo(f"  {figure}")
        for hint in budget.short_files(found):
            click.echo(f"  short enough for its importer: {hint}")
    number = f"{found.number:02d}"
    click.echo(f"\nvelvet run {number}; velvet bench {number} --quick; velvet dashboard {number}")


def contents(module: catalog.Module) -> dict[str, list[str]]:
    """Return the names of a module's examples, comparisons and tabs."""
    named: dict[str, list[str]] = {}
    for level, name, _ in budget.examples(module):
        named.setdefault(f"examples, {level}", []).append(name)
    return {**named, "comparisons": _asked(_comparisons, module), "tabs": _asked(_tabs, module)}


def _comparisons(module: catalog.Module) -> Iterator[str]:
    from velvet.bench.worker import load_suite

    suite = load_suite(module.folder / "benchmarks" / "measure.py")
    for name, comparison in suite.comparisons.items():
        yield name if comparison.title == name else f"{name}: {comparison.title}"


def _tabs(module: catalog.Module) -> Iterator[str]:
    dashboard = importlib.import_module(f"{module.package}.dashboard")
    if not hasattr(dashboard, "PAGE"):
        raise ImportError("its dashboard has no PAGE")
    for tab in dashboard.PAGE.tabs:
        yield f"{tab.name}: {tab.question}"


def _asked(ask: Any, module: catalog.Module) -> list[str]:
    try:
        return list(ask(module))
    except ImportError as error:
        return [f"not known before its requirements are installed ({error})"]
