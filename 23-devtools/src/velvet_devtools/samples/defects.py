"""Seventy-two seeded defects, each with a twin in which it is fixed.

A tool detects a defect when it reports an accepted code within a line of it; the accepted codes of
each defect were chosen by reading what every tool says there. A report with such a code on the twin
is a false alarm; any other report on a twin is noise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Defect:
    """A defect: its name within its class, both sources, its line, the codes that mean it."""

    name: str
    kind: str
    source: str
    twin: str
    line: int
    accept: frozenset[str]

    @property
    def stem(self) -> str:
        """The name of its file without the ending."""
        return f"{self.kind}_{self.name}".replace("-", "_")


@lru_cache(maxsize=1)
def defects() -> tuple[Defect, ...]:
    """Return all defects in the order of their classes."""
    accepted = json.loads((HERE / "accepted.json").read_text(encoding="utf-8"))
    text = (HERE / "defects.txt").read_text(encoding="utf-8")
    found = []
    for part in text.split("=== ")[1:]:
        head, _, body = part.partition("\n")
        place, _, mark = head.partition(" | ")
        kind, _, name = place.partition("/")
        source, _, twin = body.partition("---\n")
        line = next(n for n, row in enumerate(source.splitlines(), 1) if mark in row)
        found.append(Defect(name, kind, source, twin, line, frozenset(accepted[place])))
    return tuple(found)


def write(folder: Path) -> None:
    """Write every defect into `folder`/defects and every twin into `folder`/twins."""
    for name in ("defects", "twins"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for one in defects():  # names differ, because mypy knows a module by its stem
        for name, text in ((f"defects/{one.stem}", one.source), (f"twins/{one.stem}_ok", one.twin)):
            (folder / f"{name}.py").write_bytes(text.encode("utf-8"))
