"""`python -m velvet_devtools health|ide|rename|postmortem`: tools to keep."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from velvet_devtools import codemods, health
from velvet_devtools.debug.postmortem import Dump, Explorer
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


@app.command()
def ide(root: Root = Path(), write: bool = False) -> None:
    """Check the settings of editors, or generate them with `--write` and check these."""
    if write:
        project = vscode.look_at(root)
        vscode.write(root, vscode.generate(project) | pycharm.generate(project))
    problems = [*vscode.validate(root), *pycharm.validate(root)]
    _tell((f"{one.file}: {one.key}: {one.why}" for one in problems), bad=bool(problems))


@app.command()
def rename(old: str, new: str, root: Root = Path(), check: bool = False) -> None:
    """Rename a symbol in the modules that define it; with `--check` nothing is written."""
    results = codemods.run([root], codemods.rename(old, new), check=check)
    rows = [one for one in results if one.problem or one.changes]
    bad = any(one.problem or check for one in rows)
    _tell((f"{one.path}: {one.problem or one.changes}" for one in rows), bad=bad)


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
