"""Results as a terminal shows them: short enough to read, or whole with ``--show``.

The short form leaves out rows that were not measured (one line at the end names them all) and the
formulas of the claims; the whole form prints every row, note, formula and interval.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from velvet.bench import views
from velvet.bench.views import DAGGER, claim_counts

STYLES = {"HOLDS": "green", "FAILS": "bold red", "INCONCLUSIVE": "yellow"}
BUSY = 1.5
PIPE_WIDTH = 160


def terminal() -> Console:
    """Return a console for standard output; a pipe has no width, and its tables are not folded."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def print_results(results: Mapping[str, Any], console: Console, *, whole: bool = False) -> None:
    """Print every comparison of a results document, then its claims and its noise."""

    def say(text: str, style: str = "") -> None:
        console.print(text, style=style or None, markup=False, highlight=False)

    for about in results["comparisons"]:
        found = views.lines(results, about["name"])
        shown = found if whole else [one for one in found if not one.skipped]
        if not shown:
            continue
        say(f"\n{about['name']}: {about['title']}", "bold")
        table = Table(box=None, header_style="dim", padding=(0, 2))
        cells = views.columns(shown, about)
        cells.pop("notes", None)
        for head in cells:
            side: JustifyMethod = "left" if head == "contender" else "right"
            table.add_column(Text(head), justify=side, overflow="fold")
        for row in zip(*cells.values(), strict=True):
            table.add_row(*map(Text, row))
        console.print(table, markup=False)
        for note in dict.fromkeys(
            f"{line.contender}: {line.notes}"
            for line in shown
            if line.notes and (whole or line.figure == "-" or DAGGER in line.notes)
        ):
            say(f"  {note}", "red" if ": failed: " in note else "dim")
    if results["claims"]:
        say("\nclaims")
    for claim in results["claims"]:
        say(views.claim_line(claim), STYLES[claim["verdict"]])
        for text in views.claim_lines(claim) if whole else ():
            say(f"      {text}", "dim")
    missing = {name for names in views.absent(results).values() for name in names}
    if missing and not whole:
        say(f"\nnot measured here: {', '.join(sorted(missing))} (--show says why)", "dim")
    say(f"\n{_closing(results)}")


def _closing(results: Mapping[str, Any]) -> str:
    index = results["noise"]["index"]
    state = f"machine calm, {index}x"
    if index > BUSY:
        state = f"machine busy, {index}x: absolute columns are soft, ratios stand"
    dagger = any(entry.get("extrapolated") for entry in results["results"])
    note = f" {DAGGER} = extrapolated." if dagger else ""
    return f"{state}. Claims: {claim_counts(results) or 'none'}. {results['duration_s']:g} s.{note}"
