"""`velvet bench`: measure modules; `bench verify` and `bench compare` beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from velvet import catalog
from velvet.bench.cli import measuring_options, perform
from velvet.bench.suite import Suite
from velvet.bench.worker import load_suite
from velvet.commands import HELP
from velvet.errors import UsageError


def suite_of(module: catalog.Module) -> Suite:
    """Import a module's `benchmarks/measure.py` and return its suite.

    Raises:
        UsageError: it has none.
    """
    file = module.folder / "benchmarks" / "measure.py"
    if not file.is_file():
        raise UsageError(f"{module.slug} has no benchmarks/measure.py")
    return load_suite(file)


@click.command("bench", context_settings=HELP)
@click.argument("words", nargs=-1, metavar="[MODULE ...]")
@measuring_options
@click.option("--write-readme", is_flag=True, help="Then regenerate README tables and RESULTS.md.")
def bench_command(words: tuple[str, ...], write_readme: bool, **given: Any) -> None:
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
    code = 0
    for module in chosen:
        code = max(code, perform(suite_of(module), **given))
        if write_readme:
            from velvet import report

            report.write_module(module)
    raise SystemExit(code)


def _compare(files: tuple[str, ...]) -> int:
    from velvet.bench.compare import print_comparison
    from velvet.bench.results import load
    from velvet.bench.terminal import terminal

    if len(files) != 2:
        raise UsageError("velvet bench compare takes two results files")
    print_comparison(load(Path(files[0])), load(Path(files[1])), terminal())
    return 0


def _verify(words: tuple[str, ...]) -> int:
    from velvet.bench.pyperf_bridge import verify
    from velvet.bench.views import number, quantity

    modules = [catalog.find(word) for word in words] or catalog.modules()[:1]
    code = 0
    for module in modules:
        found = verify(suite_of(module))
        ours, theirs = quantity(found.ours, "s"), quantity(found.pyperf, "s")
        verdict = "agree" if found.holds else "DISAGREE"
        click.echo(
            f"{found.name}: minimum {ours} here, {theirs} by pyperf: "
            f"{verdict} within {number(found.factor)}x"
        )
        code = max(code, 0 if found.holds else 1)
    return code
