"""`velvet bench` with `bench verify` and `bench compare`, and `velvet compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from velvet import catalog
from velvet.bench.cli import command, perform
from velvet.bench.compare import print_comparison
from velvet.bench.results import load, local_file, reference_file
from velvet.bench.suite import Suite
from velvet.bench.terminal import terminal
from velvet.bench.worker import load_suite
from velvet.commands import HELP
from velvet.errors import UsageError, VelvetError


def suite_of(module: catalog.Module) -> Suite:
    """Import a module's `benchmarks/measure.py` and return its suite; UsageError without one."""
    file = module.folder / "benchmarks" / "measure.py"
    if not file.is_file():
        raise UsageError(f"{module.slug} has no benchmarks/measure.py")
    return load_suite(file)


@click.command("bench", context_settings=HELP, params=command.params.copy())
@click.argument("words", nargs=-1, metavar="[MODULE ...]")
def bench_command(words: tuple[str, ...], **given: Any) -> None:
    """Measure MODULEs (all by default) and judge their claims.

    \b
    velvet bench verify [MODULE]   measure one contender with pyperf too
    velvet bench compare A B       two results files, ratio by ratio
    """
    if words[:1] == ("compare",):
        raise SystemExit(_compare(words[1:]))
    if words[:1] == ("verify",):
        raise SystemExit(_verify(words[1:]))
    chosen = [catalog.find(word) for word in words]
    chosen = chosen or [module for module in catalog.modules() if module.state == "working"]
    raise SystemExit(max([perform(suite_of(module), **given) for module in chosen], default=0))


def _compare(files: tuple[str, ...]) -> int:
    if len(files) != 2:
        raise UsageError("velvet bench compare takes two results files")
    print_comparison(load(Path(files[0])), load(Path(files[1])), terminal())
    return 0


def _verify(words: tuple[str, ...]) -> int:
    from velvet.bench.pyperf_bridge import AGREEMENT, verify
    from velvet.bench.views import number, quantity

    modules = [catalog.find(word) for word in words] or catalog.modules()[:1]
    apart = []
    for module in modules:
        found = verify(suite_of(module))
        apart.append(found.factor)
        ours, theirs = quantity(found.ours, "s"), quantity(found.pyperf, "s")
        verdict = "agree" if found.factor <= AGREEMENT else "DISAGREE"
        said = f"{found.name}: minimum {ours} here, {theirs} by pyperf"
        click.echo(f"{said}: {verdict} within {number(found.factor)}x")
    return int(max(apart) > AGREEMENT)


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
        way = f"run `velvet bench {found.number:02d} --quick` first"
        raise VelvetError(f"nothing measured here yet; {way}")
    there = load(file or reference_file(measure))
    print_comparison(load(local), there, terminal(), whole=whole)
