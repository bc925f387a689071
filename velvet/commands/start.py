"""`velvet start`: the tour, in about twenty lines. The environment is already there."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from velvet import catalog
from velvet.bench.results import load
from velvet.commands import HELP
from velvet.commands.dashboard import headless_here, show
from velvet.errors import VelvetError
from velvet.examples import names_in
from velvet.report import headline

FLAGSHIP = "concurrency"
COMMAND = "py -m velvet" if os.name == "nt" else "python3 -m velvet"
SHOWN_CLAIMS = 3
TAIL = 2000


def example(folder: Path, name: str) -> tuple[str, str]:
    """Run one basic example; returns its headline and the first sentence of its why.

    One that failed is a VelvetError with its last words.
    """
    done = subprocess.run(
        [sys.executable, "examples/basic.py", name],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    said = done.stdout.decode("utf-8", errors="replace")
    if done.returncode:
        raise VelvetError(
            f"{said[-TAIL:].strip()}\nthe example {name} ended with exit code {done.returncode}; "
            f"`{COMMAND} doctor` may know why"
        )
    lines = said.strip().splitlines()
    return lines[1].strip() if len(lines) > 1 else "", first_why(lines)


def first_why(lines: list[str]) -> str:
    """Return the first sentence that begins with ``why:`` or ``skipped:``, unfolded."""
    for start, line in enumerate(lines):
        if line.startswith(("why:", "skipped:")):
            words = [line]
            for following in lines[start + 1 :]:
                if not following.startswith("    "):
                    break
                words.append(following.strip())
            text = " ".join(words)
            return text if line.startswith("skipped:") else text.split(". ")[0].rstrip(".:") + "."
    return ""


def measure(folder: Path, results: Path) -> None:
    """Measure quickly; the tables are left to ``velvet bench NN --show``.

    Where nothing was measured, the last words are in a VelvetError.
    """
    before = results.stat().st_mtime_ns if results.exists() else 0
    with tempfile.TemporaryFile() as log:
        code = subprocess.run(
            [sys.executable, "benchmarks/measure.py", "--quick"],
            cwd=folder,
            stdout=log,
            stderr=None if sys.stderr.isatty() else log,  # a terminal gets the progress bar
            check=False,
        ).returncode
        if not results.exists() or results.stat().st_mtime_ns == before:
            log.seek(0)
            said = log.read().decode("utf-8", errors="replace")[-TAIL:].strip()
            raise VelvetError(f"{said}\nthe benchmark ended with exit code {code}")


def findings(module: catalog.Module, results: Mapping[str, Any]) -> list[str]:
    """Return the headline as measured here; else the first claims that hold, factors first."""
    if module.headline:
        with contextlib.suppress(VelvetError):  # a tie, or a contender that is not installed here
            return [headline(module, results)]
    factors, others = [], []
    for claim in results["claims"]:
        part = claim["parts"][0]
        if claim["verdict"] != "HOLDS":
            continue
        if not part["text"].startswith("speedup("):
            others.append(claim["text"])
        elif part["value"] > 1.5:
            factors.append(f"{claim['text']} ({part['value']:.3g}x)")
    return (factors + others)[:SHOWN_CLAIMS]


def verdicts(results: Mapping[str, Any]) -> str:
    """Return how many claims hold, and how many do not or cannot be told."""
    found = [claim["verdict"] for claim in results["claims"]]
    words = {"HOLDS": "hold", "INCONCLUSIVE": "are inconclusive", "FAILS": "do not hold here"}
    counts = [f"{found.count(key)} {text}" for key, text in words.items() if key in found]
    return f"of {len(found)} claims {', '.join(counts)}" if counts else "no claims"


def optional(module: catalog.Module, results: Mapping[str, Any]) -> str:
    """Return one line for everything that was left out, or nothing."""
    rows = [entry for entry in results["results"] if entry.get("skipped")]
    reasons = {entry["contender"]: entry["skipped"] for entry in rows}
    if not reasons:
        return ""
    peers = f"{module.slug}/requirements-peers.txt"
    missing = sum("not installed" in reason for reason in reasons.values())
    if not missing or not (module.folder / "requirements-peers.txt").is_file():
        return f"{len(reasons)} contenders cannot run here: {COMMAND} doctor"
    python = os.path.relpath(sys.executable)
    return f"{missing} contenders need optional libraries: {python} -m pip install -r {peers}"


@click.command("start", context_settings=HELP)
@click.argument("module", required=False)
@click.option("--no-dashboard", is_flag=True, help="End after the benchmark.")
@click.option("--headless", is_flag=True, help="Open no browser; print the address.")
@click.option("--again", is_flag=True, help="Measure again although there are results.")
@click.option("--port", type=click.IntRange(1, 65535), help="The dashboard's port.")
def start_command(
    module: str | None, no_dashboard: bool, headless: bool, again: bool, port: int | None
) -> None:
    """Set up, run MODULE's basic examples, measure quickly, open its dashboard."""
    found = catalog.find(module or FLAGSHIP)
    folder, number = found.folder, f"{found.number:02d}"
    total = 2 if no_dashboard else 3
    click.echo(f"1/{total} examples of {found.slug}, whole: {COMMAND} run {number}")
    for name in names_in(folder / "examples" / "basic.py"):
        headline, why = example(folder, name)
        click.echo(f"    {name}: {headline}")
        if why:
            click.echo(f"        {why}")
    file = folder / "benchmarks" / "results" / "local.json"
    when = "measured here before (again: --again)"
    if again or not file.exists():
        click.echo(f"2/{total} measuring every comparison for a minute or two ...")
        measure(folder, file)
        when = "measured"
    results = load(file)
    noise = results["noise"]["index"]
    click.echo(
        f"2/{total} {when}: {len(results['comparisons'])} comparisons in "
        f"{results['duration_s']:.0f} s (machine {'busy' if noise > 1.5 else 'calm'}, {noise}x)"
    )
    lines = [*findings(found, results), verdicts(results), optional(found, results)]
    for line in [*filter(None, lines), f"all tables: {COMMAND} bench {number} --show"]:
        click.echo(f"    {line}")
    if no_dashboard:
        click.echo(f"next: {COMMAND} dashboard {number}")
        return
    click.echo(f"3/{total} ", nl=False)
    show(found, port, headless=headless or headless_here())
