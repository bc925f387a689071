"""Memory as the system counts it: anonymous pages are yours, file pages are borrowed.

A mapped file shows up in the resident size and can be dropped at any time; an allocated array
cannot. So a limit that is worth keeping is one on anonymous memory (RssAnon on Linux).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from velvet_numerical.errors import MemoryBudgetExceeded, positive

SAMPLE_S = 0.005
MIB = 1 << 20


@dataclass(frozen=True)
class Resident:
    """Resident bytes of this process."""

    anonymous: int
    file: int


def resident() -> Resident:
    """Return what is resident now.

    Linux counts the two kinds apart. Elsewhere the private bytes (Windows) or all of the resident
    size (macOS) stand for the anonymous part.
    """
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
        if "RssAnon" in found:  # some sandboxes leave it out
            return Resident(int(found["RssAnon"]) * 1024, int(found["RssFile"]) * 1024)
    import psutil  # type: ignore[import-untyped,unused-ignore]

    info = psutil.Process().memory_info()
    return Resident(int(getattr(info, "private", info.rss)), 0)


class Watch:
    """The peak of a stretch of code, relative to where it began.

    Attributes:
        anonymous, file: the most that was seen beyond the beginning, in bytes. Memory that was
            freed before and kept by the allocator is used again without growing either.
        total: the most anonymous memory that was seen altogether.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = None if limit is None else positive("limit", limit)
        self.anonymous = 0
        self.file = 0
        self.total = 0
        self._begun = resident()

    def sample(self) -> None:
        """Look once."""
        now = resident()
        self.anonymous = max(self.anonymous, now.anonymous - self._begun.anonymous)
        self.total = max(self.total, now.anonymous)
        self.file = max(self.file, now.file - self._begun.file)

    def check(self) -> None:
        """Look once; raise MemoryBudgetExceeded when the limit was exceeded at any time."""
        self.sample()
        if self.limit is not None and self.anonymous > self.limit:
            raise MemoryBudgetExceeded(self.anonymous, self.limit)


@contextmanager
def budget(limit: int | None = None) -> Iterator[Watch]:
    """Watch anonymous memory from a thread that looks every 5 ms; at the end, enforce the limit.

    A chunked loop calls `check` after each chunk and so stops early; code that cannot is refused
    when it is done, which is what a test needs. The system is not asked to enforce anything.

    Raises:
        MemoryBudgetExceeded: more than `limit` bytes were used beyond the beginning.
        ValueError: the limit is not positive.
    """
    watch = Watch(limit)
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_S):
            watch.sample()

    sampler = threading.Thread(target=look, name="memory-watch", daemon=True)
    try:
        sampler.start()
        yield watch
    finally:
        over.set()
        sampler.join()
    watch.check()
