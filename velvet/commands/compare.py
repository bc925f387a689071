"""`velvet compare`: this machine beside the reference results."""

from __future__ import annotations

from pathlib import Path

import click

from velvet import catalog
from velvet.bench.compare import print_comparison
from velvet.bench.results import load, local_file, reference_file
from velvet.bench.terminal import terminal
from velvet.commands import HELP
from velvet.errors import VelvetError


@click.command("compare", context_settings=HELP)
@click.argument("module")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--all", "whole", is_flag=True, help="Show every ratio, not the ten most apart.")
def compare_command(module: str, file: Path | None, whole: bool) -> None:
    """Compare MODULE's local results with the reference, or with FILE."""
    found = catalog.find(module)
    measure = found.folder / "benchmarks" / "measure.py"
    local = local_file(measure)
    if not local.exists():
        raise VelvetError(
            f"nothing measured here yet; run `velvet bench {found.number:02d} --quick` first"
        )
    there = load(file or reference_file(measure))
    print_comparison(load(local), there, terminal(), whole=whole)
