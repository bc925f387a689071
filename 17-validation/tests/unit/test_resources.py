"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

from pathlib import Path

from velvet.hostile_resources import Resource, ResourceTests, at_once
from velvet_validation import streaming

ROWS = [streaming.Row(n, 2 * n, 2 * n + 2, n, (), b"%d" % n) for n in range(4)]


def sorted_out(good: Path) -> streaming.Summary:
    """Begin or go on, as a program that is started again does."""
    rows = [row for row in ROWS if row.offset >= streaming.resume_offset(good)]
    return streaming.quarantine(rows, good, good.with_name("bad"), every=2)


def can_be_resumed(good: Path) -> None:
    sorted_out(good)
    assert good.read_bytes().split() == [b"0", b"1", b"2", b"3"]


class TestResources(ResourceTests):
    resources = (
        Resource(
            "streaming.quarantine",
            lambda folder: folder / "good",
            use=lambda good: at_once(lambda: sorted_out(good)),
            free=can_be_resumed,
        ),
    )
