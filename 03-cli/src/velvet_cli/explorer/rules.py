"""The behaviour matrix cell by cell, as it is looked at, and what may be said of its columns."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from velvet_cli.behaviours import BEHAVIOURS
from velvet_cli.frontends import NAMES, frontends

KEPT = 3000  # letters of a transcript that are shown
FORMS = ("raw", "hardened")
STATES = ("kept", "broken", "not looked at")


class Cell(NamedTuple):
    """One rule and one program.

    Attributes:
        state: one of `STATES`.
        what: what was seen, in a few words.
    """

    state: str
    what: str = ""
    transcript: str = ""


def cells(form: str) -> Iterator[dict[str, Any]]:
    """Look at every installed front end with every rule; yields one event a cell.

    Raises:
        ValueError: the form is neither raw nor hardened.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    # Only the child that looks needs what starts processes.
    from velvet_cli.behaviours.matrix import look

    for behaviour in BEHAVIOURS:
        for front in frontends():
            seen = look(front.name, behaviour, hardened=form == "hardened")
            yield {
                "type": "cell",
                "form": form,
                "name": front.name,
                "version": front.available().version,
                "id": behaviour.id,
                "passed": seen.passed,
                "what": seen.what,
                "transcript": _portable(seen.transcript)[:KEPT],
            }


def _portable(text: str) -> str:
    """Cut what only this machine calls so from the paths of a traceback, also of one cut short."""
    here = Path(__file__).resolve()
    for folder in (here.parents[2], Path(sys.prefix), Path(sys.base_prefix), here.parents[4]):
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def read_cells(events: Iterable[Mapping[str, Any]], form: str) -> dict[tuple[str, str], Cell]:
    """Return (front end, rule's id) -> cell, from the events of one form."""
    return {
        (event["name"], event["id"]): Cell(
            "kept" if event["passed"] else "broken", event["what"], event["transcript"]
        )
        for event in events
        if event.get("type") == "cell" and event["form"] == form
    }


def columns(found: Mapping[tuple[str, str], Cell]) -> list[tuple[str, int]]:
    """Return each front end with the number of rules that it keeps, in the usual order."""
    return [
        (name, sum(cell.state == "kept" for (who, _), cell in found.items() if who == name))
        for name in NAMES
        if any(who == name for who, _ in found)
    ]


def rule_of(id: str) -> str:
    """Return the sentence of a rule.

    Raises:
        KeyError: there is no such rule.
    """
    for behaviour in BEHAVIOURS:
        if behaviour.id == id:
            return behaviour.rule
    raise KeyError(id)
