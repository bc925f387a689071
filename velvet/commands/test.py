"""`velvet test`: one pytest process a module, one summary."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.needs import usable_cores
from velvet.processes import end_tree, stoppable

SHOWN_CHARACTERS = 6000
STOP_SECONDS = 10.0
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped|xfailed)")


@dataclass(frozen=True)
class Job:
    """One pytest run: a module's tests, or the toolkit's own.

    One `beside` others, which have the other cores, is not spread over them.
    """

    name: str
    folder: Path
    source: str
    services: tuple[str, ...] = ()
    fail_under: int = 0
    beside: bool = False

    @property
    def argv(self) -> list[str]:
        """The user's own command for it, with branch coverage."""
        words = [sys.executable, "-m", "pytest", "tests/", f"--cov={self.source}", "--cov-branch"]
        words += [f"--cov-fail-under={self.fail_under}"] if self.fail_under else []
        return [*words, "--cov-report=term", *(["-n", "0"] if self.beside else [])]


@dataclass(frozen=True)
class Outcome:
    """How one run ended: its exit code, counts, coverage and the tests that failed."""

    job: Job
    code: int
    seconds: float
    counts: dict[str, int]
    coverage: str
    failed: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """One line of the summary."""
        counts = ", ".join(f"{number} {what}" for what, number in self.counts.items()) or "no tests"
        state = "ok    " if self.code == 0 else "FAILED"
        cost = f"coverage {self.coverage}; {self.seconds:.0f} s"
        return f"{state} {self.job.name:18} {counts}; {cost}"


def read_counts(text: str) -> dict[str, int]:
    """Return the counts of pytest's last summary line."""
    for line in reversed(text.splitlines()):
        found = _COUNTS.findall(line)
        if found and " in " in line:
            return {what: int(number) for number, what in found}
    return {}


def read_coverage(text: str) -> str:
    """Return the TOTAL of a coverage report, or ``-``."""
    totals = re.findall(r"^TOTAL\s.*?(\d+(?:\.\d+)?%)", text, re.MULTILINE)
    return str(totals[-1]) if totals else "-"


def jobs(words: tuple[str, ...], fail_under: int = 0) -> list[Job]:
    """Return the runs that the words mean; without words the toolkit and every module."""
    found = [catalog.find(word) for word in words]
    runs = [] if found else [Job("velvet", catalog.repository(), "velvet", (), fail_under)]
    chosen = found or catalog.modules()
    return runs + [Job(m.slug, m.folder, "src", m.services, fail_under) for m in chosen]


def shared_servers(names: set[str]) -> AbstractContextManager[dict[str, str]]:
    """Start each needed server once and yield the variables that lead the tests to it."""
    from velvet import services

    return services.shared(
        names, lambda name, error: click.echo(f"without {name}: {error}", err=True)
    )


def finish(job: Job, process: subprocess.Popen[bytes], output: IO[bytes], began: float) -> Outcome:
    """Wait for a run and read what it printed."""
    code = process.wait()
    output.seek(0)
    text = output.read().decode(errors="replace")
    seconds = time.monotonic() - began
    if code:
        shown = text[-SHOWN_CHARACTERS:]
        if len(text) > SHOWN_CHARACTERS:  # a cut text begins with a whole line
            shown = shown.partition("\n")[2]
        click.echo(f"\n--- {job.name} failed; the end of its output:\n{shown}")
    failed = tuple(dict.fromkeys(_FAILED.findall(text)))
    return Outcome(job, code, seconds, read_counts(text), read_coverage(text), failed)


def launch(job: Job, variables: dict[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes], float]:
    """Start a run with its output in a file."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its process's end
    process = subprocess.Popen(
        job.argv,
        cwd=job.folder,
        env={**os.environ, **variables},
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    return process, output, time.monotonic()


def run_all(runs: list[Job], variables: dict[str, str], workers: int) -> list[Outcome]:
    """Run several jobs side by side, in order, with a line as each ends."""
    waiting, outcomes = list(runs), []
    active: list[tuple[Job, subprocess.Popen[bytes], IO[bytes], float]] = []
    try:
        while waiting or active:
            while waiting and len(active) < workers:
                job = waiting.pop(0)
                click.echo(f"testing {job.name}", err=True)
                active.append((job, *launch(job, variables)))
            for entry in list(active):
                job, process, output, began = entry
                if process.poll() is not None:
                    outcomes.append(finish(job, process, output, began))
                    output.close()
                    click.echo(outcomes[-1].line, err=True)
                    active.remove(entry)
            time.sleep(0.05)
    finally:
        for _, process, output, _ in active:
            end_tree(process.pid, patience_s=STOP_SECONDS)
            process.wait()
            output.close()
    return outcomes


@click.command("test", context_settings=HELP)
@click.argument("modules", nargs=-1)
@click.option("-j", "--jobs", "workers", type=click.IntRange(1, 64), help="Runs at the same time.")
@click.option(
    "--fail-under", type=click.IntRange(0, 100), default=0, help="Branch coverage to reach."
)
def test_command(modules: tuple[str, ...], workers: int | None, fail_under: int) -> None:
    """Run the tests of MODULES with branch coverage; the toolkit and all modules by default."""
    runs = jobs(modules, fail_under)
    with stoppable(), shared_servers({n for job in runs for n in job.services}) as variables:
        if len(runs) == 1:
            alone, env = runs[0], {**os.environ, **variables}
            done = subprocess.run(alone.argv, cwd=alone.folder, env=env, check=False)
            raise SystemExit(done.returncode)
        workers = workers or usable_cores()
        outcomes = run_all([replace(job, beside=workers > 1) for job in runs], variables, workers)
    click.echo("\nsummary")
    for outcome in outcomes:
        click.echo(outcome.line)
    for outcome in outcomes:
        for name in outcome.failed:
            click.echo(f"failed: {outcome.job.name}: {name}")
    totals = Counter[str]()
    for outcome in outcomes:
        totals.update(outcome.counts)
    click.echo(", ".join(f"{totals[what]} {what}" for what in ("passed", "failed", "skipped")))
    raise SystemExit(1 if any(outcome.code for outcome in outcomes) else 0)
