"""`velvet run`: a module's examples."""

from __future__ import annotations

import subprocess
import sys

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.errors import UsageError, nearest

LEVELS = ("basic", "intermediate", "advanced")


@click.command("run", context_settings=HELP)
@click.argument("module")
@click.argument("level", required=False)
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="List the examples instead.")
@click.option("--source", is_flag=True, help="Print their source instead.")
def run_command(
    module: str, level: str | None, name: str | None, listing: bool, source: bool
) -> None:
    """Run the examples of MODULE, of one LEVEL, or the one called NAME."""
    found = catalog.find(module)
    folder = found.folder
    if level is not None and level not in LEVELS:
        known = ", ".join(LEVELS)
        raise UsageError(f"there is no level {level!r}.{nearest(level, LEVELS)} Known are: {known}")
    words = [name] if name else []
    words += ["--list"] if listing else []
    words += ["--source"] if source else []
    for one in [level] if level else LEVELS:
        file = folder / "examples" / f"{one}.py"
        if not file.is_file():
            raise UsageError(f"{found.slug} has no {one} examples")
        code = subprocess.run(
            [sys.executable, str(file), *words], cwd=folder, check=False
        ).returncode
        if code:
            raise SystemExit(code)
