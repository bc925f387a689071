"""`velvet compare`: this machine beside the reference results."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from velvet import catalog
from velvet.bench.command import print_comparison
from velvet.bench.results import load
from velvet.commands import HELP
from velvet.errors import VelvetError


@click.command("compare", context_settings=HELP)
@click.argument("module")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def compare_command(module: str, file: Path | None) -> None:
    """Compare MODULE's local results with the reference, or with FILE."""
    found = catalog.find(module)
    folder = found.folder / "benchmarks" / "results"
    local = folder / "local.json"
    if not local.exists():
        raise VelvetError(
            f"nothing measured here yet; run `velvet bench {found.number:02d} --quick` first"
        )
    print_comparison(load(local), load(file or folder / "reference.json"), Console())
