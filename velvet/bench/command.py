"""The command line of a `measure.py`, shared with ``velvet bench``.

Tables go to standard output, progress to standard error; with ``--json -`` standard output
carries one JSON event per line instead, and nothing else.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from velvet.bench.engine import Engine
from velvet.bench.model import Suite, Tier
from velvet.bench.options import Options
from velvet.bench.results import load, save
from velvet.bench.views import DAGGER, claim_lines, lines
from velvet.errors import UsageError, VelvetError, nearest

F = TypeVar("F", bound=Callable[..., Any])
PIPE_WIDTH = 160
STYLES = {"HOLDS": "green", "FAILS": "bold red", "INCONCLUSIVE": "yellow"}


def local_file(suite: Suite) -> Path:
    """Return where a reader's own results go; git ignores it."""
    return suite.file.parent / "results" / "local.json"


def reference_file(suite: Suite) -> Path:
    """Return where the committed results of a named machine lie."""
    return suite.file.parent / "results" / "reference.json"


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, so that children are ended on the way out."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def measure(suite: Suite, options: Options, *, stream: bool = False) -> dict[str, Any]:
    """Run a suite with progress on standard error; returns the results document.

    Raises:
        UsageError: the filter or a contender names nothing.
    """
    _known(suite, options)
    quiet = stream or not sys.stderr.isatty()
    console = Console(stderr=True, quiet=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    results: dict[str, Any] = {}
    with stoppable(), Progress(*columns, console=console, disable=quiet, transient=True) as bar:
        task = bar.add_task(suite.name, total=None)
        for event in Engine(suite, options).events():
            if stream:
                sys.stdout.write(json.dumps(event) + "\n")
                sys.stdout.flush()
            _show(event, bar, task, console, plain=quiet and not stream)
            results = event.get("results", results)
    return results


def _show(
    event: Mapping[str, Any], bar: Progress, task: Any, console: Console, *, plain: bool
) -> None:
    kind = event["event"]
    if kind == "plan":
        bar.update(task, total=event["total"])
    elif kind == "begin":
        where = f"{event['bench']} {event['size']}".strip()
        bar.update(task, description=where, completed=event["done"])
        if plain:
            console.print(f"measuring {where}", style="dim", highlight=False, markup=False)
    elif kind == "error" or kind == "refused":
        text = f"{event['bench']}: {event['contender']}: {event['error']}"
        console.print(text, style="red", highlight=False, markup=False)
    elif kind == "second_look":
        again = f"second look: {event['text']}"
        bar.update(task, description=again)
        if plain:
            console.print(again, style="dim", highlight=False, markup=False)


def _known(suite: Suite, options: Options) -> None:
    names = list(suite.comparisons)
    if options.filter and not any(options.filter in name for name in names):
        raise UsageError(
            f"no comparison of {suite.name} has {options.filter!r} in its name."
            f"{nearest(options.filter, names)} Known are: {', '.join(names)}"
        )
    known = {one for comparison in suite.comparisons.values() for one in comparison.contenders}
    for name in options.contenders:
        if name not in known:
            raise UsageError(f"no contender is called {name!r}.{nearest(name, known)}")


def print_tables(results: Mapping[str, Any], console: Console) -> None:
    """Print every comparison of a results document, then its claims and its noise."""
    for about in results["comparisons"]:
        table = Table(title=Text(f"{about['name']}: {about['title']}"), title_justify="left")
        found = lines(results, about["name"])
        columns = {
            "contender": [line.contender for line in found],
            "size": [line.size for line in found],
            about["metric"]: [line.figure for line in found],
            f"gain over {about['baseline']}": [line.versus for line in found],
            "published": [line.published for line in found],
            "ours / published": [line.quotient for line in found],
        }
        shown = {
            head: cells for head, cells in columns.items() if any(cells) or head == "contender"
        }
        for head in shown:
            side: JustifyMethod = "left" if head == "contender" else "right"
            table.add_column(Text(head), justify=side, overflow="fold")
        for row in zip(*shown.values(), strict=True):
            table.add_row(*row)
        console.print(table, markup=False)
        for note in dict.fromkeys(
            f"{line.contender}: {line.notes}" for line in found if line.notes
        ):
            console.print(f"  {note}", style="dim", markup=False, highlight=False)
    for claim in results["claims"]:
        console.print(f"\n{claim['text']}", markup=False, highlight=False)
        for part, text in zip(claim["parts"], claim_lines(claim), strict=True):
            console.print(f"  {text}", style=STYLES[part["verdict"]], markup=False, highlight=False)
    console.print(f"\n{_closing(results)}", markup=False, highlight=False)


def _closing(results: Mapping[str, Any]) -> str:
    index = results["noise"]["index"]
    busy = index > 1.5
    state = (
        f"machine busy, {index}x: absolute columns are soft, ratios stand"
        if busy
        else (f"machine calm, {index}x")
    )
    verdicts = [claim["verdict"] for claim in results["claims"]]
    counts = ", ".join(f"{verdicts.count(v)} {v.lower()}" for v in STYLES if v in verdicts)
    dagger = any(entry.get("extrapolated") for entry in results["results"])
    note = f" {DAGGER} = extrapolated." if dagger else ""
    return f"{state}. Claims: {counts or 'none'}. {results['duration_s']:g} s.{note}"


def exit_code(results: Mapping[str, Any], *, strict: bool) -> int:
    """Return 1 when a claim failed (with strict: also when one is inconclusive), else 0."""
    verdicts = {claim["verdict"] for claim in results["claims"]}
    bad = {"FAILS", "INCONCLUSIVE"} if strict else {"FAILS"}
    return 1 if verdicts & bad else 0


_OPTIONS = (
    click.option("--quick", "tier", flag_value="quick", help="Fewer samples, shorter rows."),
    click.option("--full", "tier", flag_value="full", help="The long rows whole; no time limit."),
    click.option(
        "--json", "json_path", metavar="PATH", help="Write results there; - streams events."
    ),
    click.option(
        "--filter", "text", default="", metavar="TEXT", help="Only comparisons with TEXT."
    ),
    click.option(
        "--contender", "contenders", multiple=True, help="Only these contenders (no claims)."
    ),
    click.option(
        "--list", "listing", is_flag=True, help="List comparisons and claims; measure nothing."
    ),
    click.option("--only-claims", is_flag=True, help="Only comparisons that a claim looks at."),
    click.option("--processes", type=click.IntRange(1, 100), help="Worker processes per size."),
    click.option("--seed", type=int, default=20260101, show_default=True),
    click.option("--hashseed", type=click.IntRange(0, 4_294_967_295), help="One for all workers."),
    click.option("--affinity", metavar="CPUS", help="Pin workers to these cores, such as 0,1."),
    click.option("--strict", is_flag=True, help="An inconclusive claim fails too."),
    click.option("--write-readme", is_flag=True, help="Regenerate this module's README tables."),
    click.option(
        "--compare", "other", type=click.Path(path_type=Path), help="Then compare with FILE."
    ),
    click.option(
        "--pyperf", "pyperf_path", type=click.Path(path_type=Path), help="Write a pyperf file."
    ),
    click.option("--publish", is_flag=True, help="Write reference.json: these become our figures."),
)


def measuring_options(function: F) -> F:
    """Add the options that every measuring command shares."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@measuring_options
@click.pass_context
def _command(context: click.Context, /, **given: Any) -> None:
    """Measure this module's comparisons and judge its claims."""
    suite: Suite = context.obj
    try:
        code = perform(suite, **given)
    except KeyboardInterrupt:
        click.echo("stopped; nothing was written", err=True)
        code = 130
    context.exit(code)


def perform(
    suite: Suite,
    *,
    tier: Tier | None = None,
    json_path: str | None = None,
    text: str = "",
    contenders: Sequence[str] = (),
    listing: bool = False,
    only_claims: bool = False,
    processes: int | None = None,
    seed: int = 20260101,
    hashseed: int | None = None,
    affinity: str | None = None,
    strict: bool = False,
    write_readme: bool = False,
    other: Path | None = None,
    pyperf_path: Path | None = None,
    publish: bool = False,
) -> int:
    """Measure, print, store; returns the exit code.

    Raises:
        VelvetError: an argument is wrong, or a file cannot be read or written.
    """
    if listing:
        _list(suite)
        return 0
    if publish and (text or contenders or tier == "quick" or only_claims):
        raise UsageError("--publish measures everything: leave out --quick, --filter and the like")
    options = Options(
        tier=tier or "default",
        filter=text,
        contenders=tuple(contenders),
        processes=processes,
        seed=seed,
        hashseed=hashseed,
        affinity=_cores(affinity),
        only_claims=only_claims,
    )
    there = None if other is None else load(other)
    with servers_for(suite, options):
        results = measure(suite, options, stream=json_path == "-")
    partial = bool(text or contenders or only_claims or json_path == "-")
    target = reference_file(suite) if publish else local_file(suite)
    if json_path and json_path != "-":
        save(results, Path(json_path))
    elif not partial:
        # A part of the comparisons never takes the place of a whole run's results.
        save(results, target)
    if json_path != "-":
        # A pipe has no width of its own; tables that a program reads should not be folded.
        print_tables(results, Console(width=None if sys.stdout.isatty() else PIPE_WIDTH))
    if pyperf_path is not None:
        from velvet.bench.pyperf_bridge import export

        export(results, pyperf_path)
    if there is not None:
        print_comparison(results, there, Console(stderr=json_path == "-"))
    if write_readme:
        from velvet.report import write

        write(suite.file.parent.parent / "README.md")
    return exit_code(results, strict=strict)


@contextmanager
def servers_for(suite: Suite, options: Options) -> Iterator[None]:
    """Start each server that the chosen contenders need once, for all children of the run."""
    from velvet import services

    needed = {
        need
        for comparison in suite.comparisons.values()
        if options.filter in comparison.name
        for one in comparison.contenders.values()
        for need in one.needs
        if need in services.KINDS
    }
    with ExitStack() as stack:
        for name in sorted(needed):
            variable = f"VELVET_{name.upper()}_URL"
            try:
                server = stack.enter_context(getattr(services, name)())
            except services.ServiceUnavailable:
                continue  # the rows that need it say why they are absent
            before = os.environ.get(variable)
            os.environ[variable] = server.url
            stack.callback(_restore, variable, before)
        yield


def _restore(variable: str, before: str | None) -> None:
    if before is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = before


def print_comparison(here: Mapping[str, Any], there: Mapping[str, Any], console: Console) -> None:
    """Print this machine beside another one, ratio by ratio."""
    from velvet.bench.compare import compare

    found = compare(here, there)
    if found.speed is not None:
        console.print(f"here, pure Python runs {found.speed:.2f}x as fast as there", markup=False)
    table = Table("ratio", "here", "there", "intervals")
    for difference in found.differences:
        agreement = "overlap" if difference.agrees else "differ"
        table.add_row(difference.name, difference.here, difference.there, agreement)
    console.print(table, markup=False)
    for text, mine, theirs in found.changed:
        console.print(f"{text}: {mine} here, {theirs} there", markup=False)
    if found.missing:
        console.print(f"{len(found.missing)} ratios of the other file were not measured here")


def _cores(affinity: str | None) -> tuple[int, ...]:
    if not affinity:
        return ()
    try:
        cores = tuple(int(part) for part in affinity.split(","))
    except ValueError:
        raise UsageError(f"--affinity takes core numbers such as 0,1, not {affinity!r}") from None
    count = os.cpu_count() or 1
    absent = [core for core in cores if not 0 <= core < count]
    if absent:
        raise UsageError(
            f"--affinity {affinity}: there is no core {absent[0]}; 0 to {count - 1} are"
        )
    return cores


def _list(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        names = ", ".join(comparison.contenders)
        click.echo(f"{comparison.name} ({comparison.kind}, {len(comparison.sizes)} sizes): {names}")
    for claim in suite.claims:
        for part in claim.condition.parts:
            click.echo(f"claim: {claim.text}: {part.operand.text} {part.bound}")


def run_suite(suite: Suite, argv: Sequence[str] | None) -> None:
    """Run the command for one suite; ends the process."""
    try:
        _command.main(
            args=None if argv is None else list(argv),
            prog_name=f"measure.py ({suite.name})",
            obj=suite,
        )
    except VelvetError as error:
        click.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from None
