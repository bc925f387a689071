"""`python -m velvet_devtools health|lint|ide|rename|trace|postmortem`: tools to keep."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from velvet_devtools import codemods, health, lint
from velvet_devtools.debug.postmortem import Dump, Explorer, capture
from velvet_devtools.errors import DevtoolsError
from velvet_devtools.ide import pycharm, vscode

app = typer.Typer(help="Tools for daily work; each prints its finding and exits with 1 for one.")
Root = Annotated[Path, typer.Argument(help="A project's folder.")]


def _tell(lines: Iterable[str], *, bad: bool) -> None:
    for line in lines:
        typer.echo(line)
    raise typer.Exit(int(bad))


@app.command(name="health")
def check_health(root: Root = Path(), least: int = 0) -> None:
    """Score a repository with the reasons; exit with 1 under `--least`."""
    verdicts = health.report(root)
    rows = [f"{'ok  ' if v.passed else 'FAIL'} {v.weight:3} {v.name}: {v.reason}" for v in verdicts]
    points = health.score(verdicts)
    _tell([*rows, f"{points} of 100"], bad=points < least)


@app.command(name="lint")
def check_lint(tool: str, root: Root = Path(), profile: str = "default") -> None:
    """Run a checker and print its findings in one form."""
    with TemporaryDirectory() as folder:
        result = lint.run(tool, [root], Path(folder), profile=profile)
    if result.problem:
        raise DevtoolsError(result.problem)
    rows = [f"{d.path}:{d.line}:{d.col}: {d.code} {d.message}" for d in result.diagnostics]
    _tell(rows, bad=bool(rows))


@app.command()
def ide(root: Root = Path(), write: bool = False) -> None:
    """Check the settings of editors, or generate them with `--write` and check these."""
    if write:
        project = vscode.look_at(root)
        vscode.write(root / ".vscode", vscode.generate(project))
        pycharm.write(root, pycharm.generate(project))
    problems = [*vscode.validate(root), *pycharm.validate(root)]
    _tell((f"{one.file}: {one.key}: {one.why}" for one in problems), bad=bool(problems))


@app.command()
def rename(old: str, new: str, root: Root = Path(), check: bool = False) -> None:
    """Rename a symbol in the modules that define it; with `--check` nothing is written."""
    if not (old.isidentifier() and new.isidentifier()):
        raise DevtoolsError(f"a name is renamed to a name, not {old!r} to {new!r}")
    results = codemods.run([root], codemods.rename(old, new), check=check)
    rows = [one for one in results if one.error or one.changes]
    bad = any(one.error or check for one in rows)
    _tell((f"{one.path}: {one.error or one.changes}" for one in rows), bad=bad)


@app.command()
def trace(script: Path, dump: Path = Path("crash.json")) -> None:
    """Run a script and write a dump when it crashes."""
    try:
        runpy.run_path(str(script), run_name="__main__")
    except Exception as error:  # noqa: BLE001 - any crash is what the dump is for
        capture(error).save(dump)
        _tell([f"{type(error).__name__}: {error}", f"written to {dump}"], bad=True)


@app.command()
def postmortem(dump: Path) -> None:
    """Walk through a dump; commands come from standard input."""
    explorer = Explorer(Dump.load(dump))
    typer.echo(explorer.do("w"))
    for line in sys.stdin:
        typer.echo(explorer.do(line))


def main() -> None:
    """Run the command; an error of ours is one sentence."""
    try:
        app()
    except DevtoolsError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
