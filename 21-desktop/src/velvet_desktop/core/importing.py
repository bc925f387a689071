"""A CSV file into the board, in a process of its own: rows that are wrong are told, not fatal."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from velvet_desktop.core.jobs import Token
from velvet_desktop.core.model import BATCH, Task, TaskStore
from velvet_desktop.errors import InvalidTask

COLUMNS = ("title", "status", "priority", "estimate")
MAX_REASONS = 20
csv.field_size_limit(1 << 30)  # a cell of 10 MB is a wrong row, not the end of the import


@dataclass
class ImportReport:
    """What came of an import.

    Attributes:
        rejected: how many rows were wrong; `reasons` names the first twenty with their line.
    """

    accepted: int = 0
    rejected: int = 0
    reasons: list[str] = field(default_factory=list)
    cancelled: bool = False

    def reject(self, line: int, why: object) -> None:
        """Count a wrong row."""
        self.rejected += 1
        if len(self.reasons) < MAX_REASONS:
            self.reasons.append(f"line {line}: {str(why)[:120]}")


def parse(path: Path, report: ImportReport) -> Iterator[Task]:
    """Yield the rows that are right; NUL, missing columns and bad numbers are told by line."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(line.replace("\0", "\ufffd") for line in file)
        head = [name.strip().lower() for name in next(reader, [])]
        if "title" not in head:
            report.reject(1, f"no column 'title' among {', '.join(head) or 'nothing'}")
            return
        for cells in reader:
            row = dict(zip(head, cells, strict=False))
            try:
                if len(cells) != len(head):
                    raise InvalidTask(f"{len(cells)} cells, {len(head)} are expected")
                yield Task(
                    0,
                    row["title"],
                    row.get("status") or "todo",
                    int(row.get("priority") or 2),
                    float(row.get("estimate") or 1),
                )
            except ValueError as error:
                report.reject(reader.line_num, error)


def import_csv(token: Token, database: str, path: str) -> ImportReport:
    """Read a file into a board batch by batch; all of its rows, or none when it is cancelled.

    Made for a worker process: it opens the board itself and tells rows as progress.
    """
    store, report = TaskStore(database), ImportReport()
    try:
        source = store.begin_import()
        rows = parse(Path(path), report)
        while batch := list(itertools.islice(rows, BATCH)):
            if token.cancelled:
                report.cancelled = True
                store.recover()
                return report
            store.add_rows(source, batch)
            report.accepted += len(batch)
            token.progress(report.accepted)
        store.finish_import(source)
    finally:
        store.close()
    return report
