"""`python -m velvet_devtools health|lint|ide|mod|nav|audit|docs|trace|postmortem`: tools to keep."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from velvet_devtools import advisories, codemods, documents, health, lint, mods, nav
from velvet_devtools.debug.postmortem import Dump, Explorer, capture
from velvet_devtools.errors import DevtoolsError
from velvet_devtools.ide import pycharm, vscode

app = typer.Typer(help="Tools for daily work; each prints its finding and exits with 1 for one.")
Root = Annotated[Path, typer.Argument(help="A project's folder.")]


def _tell(lines: list[str], *, bad: bool | None = None) -> None:
    for line in lines:
        typer.echo(line)
    raise typer.Exit(int(bool(lines) if bad is None else bad))


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
        typer.echo(result.problem, err=True)
        raise typer.Exit(2)
    _tell([f"{d.path}:{d.line}:{d.col}: {d.code} {d.message}" for d in result.diagnostics])


@app.command()
def ide(root: Root = Path(), write: bool = False) -> None:
    """Check the settings of editors, or generate them with `--write` and check these."""
    if write:
        project = vscode.look_at(root)
        vscode.write(root / ".vscode", vscode.generate(project))
        pycharm.write(root, pycharm.generate(project))
    problems = [*vscode.validate(root), *pycharm.validate(root)]
    _tell([f"{one.file}: {one.key}: {one.why}" for one in problems])


@app.command()
def mod(name: str, root: Root = Path(), check: bool = False) -> None:
    """Apply a codemod, by name or as `rename:old:new`; with `--check` nothing is written."""
    known: dict[str, codemods.Codemod] = {one.name: one for one in mods.MODS}
    if name.startswith("rename:"):
        _, old, new = name.split(":") if name.count(":") == 2 else ("", "", "")
        if not (old.isidentifier() and new.isidentifier()):
            raise DevtoolsError(f"a rename is rename:OLD:NEW with two names, not {name!r}")
        known[name] = mods.Rename(old, new)
    if name not in known:
        raise DevtoolsError(f"codemods are {', '.join(known)}, rename:OLD:NEW; not {name!r}")
    results = list(codemods.run([root], [known[name]], check=check))
    rows = [
        f"{one.path}: {one.error or one.changes}" for one in results if one.error or one.changes
    ]
    _tell(rows, bad=any(one.error for one in results) or (check and bool(rows)))


@app.command(name="nav")
def navigate(name: str, root: Root = Path(), cache: Path | None = None) -> None:
    """Print where a name is defined and used."""
    with nav.Index(root, cache or ":memory:") as index:
        rows = [f"{p.path}:{p.line} {p.kind}" for p in (*index.find(name), *index.refs(name))]
    _tell(rows, bad=not rows)


@app.command(name="audit")
def check_requirements(requirements: Path, database: Path) -> None:
    """Judge pinned requirements by a folder of OSV files; 2 when something could not be judged."""
    found = advisories.audit(requirements, database)
    rows = [
        f"{name} is affected by {number}; {fix or 'no fix'}" for name, number, fix in found.affected
    ]
    for row in (*rows, *(f"not audited: {one}" for one in found.unknown)):
        typer.echo(row)
    raise typer.Exit(found.exit_code)


@app.command(name="docs")
def check_docs(root: Root = Path()) -> None:
    """Print dead links in the Markdown files of a folder."""
    files = [one.relative_to(root).as_posix() for one in root.rglob("*.md")]
    _tell(documents.dead_links(root, files))


@app.command()
def trace(script: Path, dump: Path = Path("crash.json")) -> None:
    """Run a script and write a dump when it crashes."""
    try:
        runpy.run_path(str(script), run_name="__main__")
    except Exception as error:  # noqa: BLE001 - any crash is what the dump is for
        capture(error).save(dump)
        _tell([f"{type(error).__name__}: {error}", f"written to {dump}"])


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
