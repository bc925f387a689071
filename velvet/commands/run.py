"""`velvet run`: a module's examples."""

from __future__ import annotations

import subprocess
import sys

import click

from velvet import catalog
from velvet.budget import LEVELS
from velvet.commands import HELP
from velvet.errors import UsageError, nearest
from velvet.examples import names_in


@click.command("run", context_settings=HELP)
@click.argument("module")
@click.argument("words", nargs=-1, metavar="[LEVEL] [NAME ...]")
@click.option("--list", "listing", is_flag=True, help="List the examples instead.")
@click.option("--source", is_flag=True, help="Print their source instead.")
def run_command(module: str, words: tuple[str, ...], listing: bool, source: bool) -> None:
    """Run the examples of MODULE: all, those of one LEVEL, or those called NAME."""
    found = catalog.find(module)
    levels = [word for word in words if word in LEVELS] or list(LEVELS)
    files = {level: found.folder / "examples" / f"{level}.py" for level in levels}
    for level, file in files.items():
        if not file.is_file():
            raise UsageError(f"{found.slug} has no {level} examples")
    known = {level: names_in(file) for level, file in files.items()}
    wanted = [word for word in words if word not in LEVELS]
    everything = [name for names in known.values() for name in names]
    for word in wanted:
        if word not in everything:
            hint = nearest(word, [*LEVELS, *everything])
            raise UsageError(
                f"there is no level or example {word!r} in {found.slug}.{hint} "
                f"Known are: {', '.join([*LEVELS, *everything])}"
            )
    flags = ["--list"] * listing + ["--source"] * source
    for level, file in files.items():
        names = [word for word in wanted if word in known[level]]
        if wanted and not names:
            continue
        argv = [sys.executable, str(file), *names, *flags]
        code = subprocess.run(argv, cwd=found.folder, check=False).returncode
        if code:
            raise SystemExit(code)
