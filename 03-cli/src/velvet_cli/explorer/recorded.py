"""Events that were stored, so that a page has something to show before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from velvet_cli.frontends import Frontend, frontends


def read_events(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines; a file that is missing holds nothing.

    Raises:
        ValueError: a line is no JSON object; its number is named.
    """
    if not path.is_file():
        return []
    events = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise ValueError(f"{path.name}:{number} is no event: restore it with `git restore`")
        events.append(event)
    return events


def installed(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave out the events of front ends that are not installed here."""
    able = {front.name for front in frontends()}
    return [event for event in events if event.get("name", "argparse") in able]


def versions() -> str:
    """Return the installed front ends with their versions, for people."""
    return ", ".join(f"{f.name} {Frontend(f.name).available().version}" for f in frontends())
