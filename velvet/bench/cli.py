"""The command line of a `measure.py`, shared with ``velvet bench``.

Tables go to standard output, progress to standard error; with ``--json -`` standard output
carries one JSON event per line instead, and nothing else.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from velvet.bench import machine
from velvet.bench.compare import print_comparison
from velvet.bench.engine import Engine
from velvet.bench.results import load, local_file, reference_file, save
from velvet.bench.suite import Options, Suite
from velvet.bench.terminal import print_results, terminal
from velvet.errors import UsageError, VelvetError, nearest
from velvet.processes import stoppable

# A port that one process of the whole machine can hold, whatever its user, clone and TMPDIR; the
# system takes it back when the process ends, however that happens.
PUBLISH_PORT = 47_615
MAX_PUBLISHED_NOISE = 2.0


def measure(suite: Suite, options: Options, *, stream: bool = False) -> dict[str, Any]:
    """Run a suite with progress on standard error; returns the results document."""
    _known(suite, options)
    quiet = stream or not sys.stderr.isatty()
    console = Console(stderr=True, quiet=stream)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    event: dict[str, Any] = {}
    with stoppable(), Progress(*columns, console=console, disable=quiet, transient=True) as bar:
        bar.add_task(suite.name, total=None)
        for event in Engine(suite, options).events():
            if stream:
                click.echo(json.dumps(event))
            _show(event, bar)
    return dict(event["results"])


def _show(event: Mapping[str, Any], bar: Progress) -> None:
    """Move the bar, or where there is none say in a line what it would show."""
    kind, doing, (task,) = event["event"], "", bar.task_ids
    if kind == "plan":
        bar.update(task, total=event["total"])
    elif kind == "begin":
        doing = f"measuring {event['bench']} {event['size']}".strip()
        bar.update(task, completed=event["done"])
    elif kind == "second_look":
        doing = f"second look, with 3x the samples: {event['text']}"
    elif kind in ("error", "refused"):
        said = f"{event['bench']}: {event['contender']}: {event['error']}"
        bar.console.print(said, style="red", highlight=False, markup=False)
    if doing:
        bar.update(task, description=doing)
        if bar.disable:
            bar.console.print(doing, style="dim", highlight=False, markup=False)


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


def exit_code(results: Mapping[str, Any], *, strict: bool) -> int:
    """Return 1 when a claim failed (with strict: also when one is inconclusive), else 0."""
    bad = ("FAILS", "INCONCLUSIVE") if strict else ("FAILS",)
    return int(any(claim["verdict"] in bad for claim in results["claims"]))


_FILE = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", "tier", flag_value="quick", help="Fewer samples, shorter rows.")
@click.option("--full", "tier", flag_value="full", help="The long rows whole; no time limit.")
@click.option("--json", "json_path", metavar="PATH", help="Write there; - streams events.")
@click.option("--filter", "text", default="", metavar="TEXT", help="Comparisons with TEXT.")
@click.option("--contender", "contenders", multiple=True, help="Only these (no claims).")
@click.option("--list", "listing", is_flag=True, help="List what there is; measure nothing.")
@click.option("--only-claims", is_flag=True, help="Only comparisons that a claim looks at.")
@click.option("--processes", type=click.IntRange(1, 100), help="Worker processes per size.")
@click.option("--seed", type=int, default=20260101, show_default=True)
@click.option("--hashseed", type=click.IntRange(0, 4_294_967_295), help="One for all workers.")
@click.option("--affinity", metavar="CPUS", help="Pin workers to these cores, such as 0,1.")
@click.option("--strict", is_flag=True, help="An inconclusive claim fails too.")
@click.option("--show", is_flag=True, help="Print the last results whole; measure nothing.")
@click.option("--verbose", is_flag=True, help="Print every row, note and formula.")
@click.option("--compare", "other", type=_FILE, help="Then compare with FILE.")
@click.option("--pyperf", "pyperf_path", type=_FILE, help="Write a pyperf file.")
@click.option("--publish", is_flag=True, help="Write reference.json: these become our figures.")
@click.pass_obj
def command(suite: Suite, /, **given: Any) -> None:
    """Measure this module's comparisons and judge its claims."""
    try:
        code = perform(suite, **given)
    except KeyboardInterrupt:
        click.echo("stopped; nothing was written", err=True)
        code = 130
    except VelvetError as error:
        click.echo(str(error), err=True)
        code = error.exit_code
    raise SystemExit(code)


def perform(suite: Suite, **given: Any) -> int:
    """Measure, print, store, as the options of `command` say; the exit code."""
    if problems := suite.problems():
        raise UsageError("\n".join([f"{suite.name} declares what cannot be:", *problems]))
    asked = SimpleNamespace(**given)
    if asked.listing:
        _list(suite)
        return 0
    console, stream = terminal(), asked.json_path == "-"
    if asked.show:
        last = last_results(suite)
        click.echo(f"measured {last['created']}, tier {last['options']['tier']}")
        print_results(last, console, whole=True)
        return exit_code(last, strict=asked.strict)
    part = bool(asked.text or asked.contenders or asked.only_claims)
    if asked.publish and (part or asked.tier == "quick"):
        raise UsageError("--publish measures everything: leave out --quick, --filter and the like")
    options = Options(
        tier=asked.tier or "default",
        filter=asked.text,
        contenders=tuple(asked.contenders),
        affinity=_cores(asked.affinity),
        **{name: given[name] for name in ("processes", "seed", "hashseed", "only_claims")},
    )
    there = None if asked.other is None else load(asked.other)
    lock = publishing(suite) if asked.publish else nullcontext()
    with lock, servers_for(suite, options):
        results = measure(suite, options, stream=stream)
    noise = results["noise"]["index"]
    if asked.publish and noise > MAX_PUBLISHED_NOISE:
        save(results, local_file(suite.file))
        raise VelvetError(
            f"nothing was published: the machine was busy, noise {noise}x is above "
            f"{MAX_PUBLISHED_NOISE:g}x; `--show` prints what was measured; run it again when nothing "
            "else does"
        )
    if not stream:
        if asked.json_path:
            save(results, Path(asked.json_path))
        elif not part:  # a part never replaces the results of a whole run
            save(results, (reference_file if asked.publish else local_file)(suite.file))
        print_results(results, console, whole=asked.verbose)
    if asked.pyperf_path is not None:
        from velvet.bench.pyperf_bridge import export

        export(results, asked.pyperf_path)
    if there is not None:
        print_comparison(results, there, Console(stderr=stream))
    return exit_code(results, strict=asked.strict)


def last_results(suite: Suite) -> dict[str, Any]:
    """Return the newest of a suite's own and its reference results; VelvetError without any."""
    files = [file for of in (local_file, reference_file) if (file := of(suite.file)).exists()]
    if not files:
        raise VelvetError(f"{suite.name}: nothing is measured yet; leave out --show")
    return max(map(load, files), key=lambda results: str(results["created"]))


@contextmanager
def publishing(suite: Suite) -> Iterator[None]:
    """Hold the machine's lock while reference results are made of a clean commit."""
    state = machine.git_state(suite.file.parent)
    if state["commit"] is None or state["dirty"]:
        raise VelvetError("--publish records the commit that it measures: commit the changes first")
    with socket.socket() as lock:
        try:
            lock.bind(("127.0.0.1", PUBLISH_PORT))
        except OSError:
            raise VelvetError(
                "another run of this machine is publishing; wait for it, or both measure each other"
            ) from None
        yield


@contextmanager
def servers_for(suite: Suite, options: Options) -> Iterator[None]:
    """Start each server that the chosen contenders need once, for all children of the run.

    Where there is none, the rows that need it say why they are absent.
    """
    from velvet import services

    chosen = [one for one in suite.comparisons.values() if options.filter in one.name]
    needed = {need for c in chosen for one in c.contenders.values() for need in one.needs}
    with services.shared(needed & set(services.KINDS)) as variables:
        before = {name: os.environ.pop(name, None) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                del os.environ[name]
                os.environ.update({} if value is None else {name: value})


def _cores(affinity: str | None) -> tuple[int, ...]:
    try:
        cores = tuple(int(part) for part in affinity.split(",")) if affinity else ()
    except ValueError:
        raise UsageError(f"--affinity takes core numbers such as 0,1, not {affinity!r}") from None
    count = os.cpu_count() or 1
    if missing := [core for core in cores if not 0 <= core < count]:
        said = f"there is no core {missing[0]}; 0 to {count - 1} are"
        raise UsageError(f"--affinity {affinity}: {said}")
    return cores


def _list(suite: Suite) -> None:
    for comparison in suite.comparisons.values():
        names = ", ".join(comparison.contenders)
        click.echo(f"{comparison.name} ({comparison.kind}, {len(comparison.sizes)} sizes): {names}")
    for claim in suite.claims:
        for part in claim.condition.parts:
            click.echo(f"claim: {claim.text}: {part.operand.text} {part.bound}")
