"""Approval tests: keep what was approved, and show what changed.

A value is written in one canonical form, with times, ids and paths scrubbed, and compared with the
file that was approved before. Snapshots that no test asked for are reported: they are approved
answers to questions that are no longer asked.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Scrubber = Callable[[str], str]
_NAME = re.compile(r"[\w.-]+")


def scrub_times(text: str) -> str:
    """Replace ISO 8601 times by <time>."""
    return re.sub(
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<time>", text
    )


def canonical(value: Any) -> str:
    """Return JSON with sorted keys; what is no JSON stands as its `repr`.

    >>> print(canonical({"b": 1, "a": {2, }}))
    {
      "a": "{2}",
      "b": 1
    }
    """
    return json.dumps(value, indent=2, sort_keys=True, default=repr, ensure_ascii=False)


class SnapshotMismatch(AssertionError):
    """A value differs from the approved one; the message is the difference."""


@dataclass
class Snapshots:
    """Approved values in a folder.

    Attributes:
        update: approve what differs instead of failing.
    """

    folder: Path
    update: bool = False
    used: set[str] = field(default_factory=set)

    def approve(self, value: Any, *, name: str, scrubbers: Sequence[Scrubber] = ()) -> None:
        """Compare a value with what was approved; a first value is approved as it is.

        Raises:
            SnapshotMismatch: it differs.
            ValueError: the name would leave the folder.
        """
        if not _NAME.fullmatch(name) or name.strip(".") == "":
            raise ValueError(f"unsafe snapshot name {name!r}: letters, digits, '.', '_', '-'")
        self.used.add(name)
        text = canonical(value)
        for scrub in scrubbers:
            text = scrub(text)
        path = self.folder / f"{name}.json"
        if path.is_file():
            approved = path.read_text(encoding="utf-8")
            if approved == text + "\n":
                return
            if not self.update:
                lines = approved.splitlines(), text.splitlines()
                told = difflib.unified_diff(*lines, "approved", "received", lineterm="")
                raise SnapshotMismatch("\n".join([f"snapshot {name}:", *told]))
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".tmp")
        try:
            fresh.write_text(text + "\n", encoding="utf-8", newline="\n")
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)

    def unused(self) -> list[str]:
        """Return the names that were approved and not asked for."""
        return sorted({path.stem for path in self.folder.glob("*.json")} - self.used)
