"""Sort more lines than fit into memory: sorted runs on disk, merged through a heap.

Knuth, The Art of Computer Programming, volume 3, section 5.4. Runs are files without a name, so that
neither an exception nor a killed process leaves one behind. Whenever 64 runs of one level have gathered
they are merged into one of the next, so at most 64 files a level are open, however large the input is.
Prefer `sorted` while the lines fit into memory.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from operator import itemgetter
from os import PathLike
from tempfile import TemporaryFile
from typing import IO, Any

from velvet_algorithms.hashing import checked_whole

FAN_IN = 64
"""Runs merged at a time: more would want more open files, fewer more passes over the disk."""
DEFAULT_LINES = 100_000
LIST_SLOT = 8  # bytes of a line's reference in the list that is sorted
Key = Callable[[str], Any]
_without_end = itemgetter(slice(None, -1))


@dataclass
class Spill:
    """What a sort did with the disk; filled while the sorted lines are taken.

    Attributes:
        runs: sorted runs that were written first.
        merges: runs that were made of other runs before the last merge.
        passes: how often a line was written to disk at most.
    """

    runs: int = 0
    merges: int = 0
    passes: int = 0


class _Runs:
    """The runs of all levels, oldest first within a level; higher levels are older."""

    def __init__(
        self, stack: ExitStack, tmpdir: str | PathLike[str] | None, key: Key | None
    ) -> None:
        self.levels: list[list[IO[str]]] = []
        self.stack, self.tmpdir, self.key = stack, tmpdir, key

    def merged(self, files: list[IO[str]]) -> Iterator[str]:
        for file in files:
            file.seek(0)
        return heapq.merge(*(map(_without_end, file) for file in files), key=self.key)

    def write(self, lines: Iterable[str], level: int, spill: Spill) -> None:
        file = TemporaryFile(  # noqa: SIM115 - the stack closes it
            "w+", encoding="utf-8", errors="surrogatepass", newline="\n", dir=self.tmpdir
        )
        self.stack.enter_context(file)
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        if level == len(self.levels):
            self.levels.append([])
        spill.passes = max(spill.passes, level + 1)
        self.levels[level].append(file)
        if len(self.levels[level]) == FAN_IN:
            full, self.levels[level] = self.levels[level], []
            self.write(self.merged(full), level + 1, spill)
            spill.merges += 1
            for old in full:
                old.close()

    def all(self) -> list[IO[str]]:
        return [file for level in reversed(self.levels) for file in level]


def external_sort(
    lines: Iterable[str],
    *,
    max_lines: int | None = None,
    max_bytes: int | None = None,
    tmpdir: str | PathLike[str] | None = None,
    key: Key | None = None,
    spill: Spill | None = None,
) -> Iterator[str]:
    """Yield lines in the order of `sorted(lines, key=key)`, holding only a part of them at a time.

    Args:
        lines: texts without a line end; read once.
        max_lines: lines in memory at a time; 100,000 where neither limit is given.
        max_bytes: or their bytes, as `sys.getsizeof` tells them.
        tmpdir: folder of the runs, which take the size of the input; the system's by default.
        key: as for `sorted`; called once a line and merge.
        spill: filled with how many runs and merges it took.

    Stable; O(n log n) time; closing the iterator early removes the runs, and so does a full disk.
    Raises ValueError for both limits, for one below 1, and for a line that holds a line end.
    """
    if max_lines is not None and max_bytes is not None:
        raise ValueError(f"give max_lines or max_bytes, not both ({max_lines} and {max_bytes})")
    many = sys.maxsize if max_bytes is not None else DEFAULT_LINES
    lines_limit = checked_whole("max_lines", many if max_lines is None else max_lines)
    bytes_limit = checked_whole("max_bytes", sys.maxsize if max_bytes is None else max_bytes)
    return _sorted_lines(_parts(lines, lines_limit, bytes_limit), tmpdir, key, spill or Spill())


def _parts(
    lines: Iterable[str], max_lines: int, max_bytes: int
) -> Iterator[tuple[list[str], bool]]:
    """Yield what fits into memory, and whether the input has ended with it."""
    part: list[str] = []
    room, weigh = max_bytes, max_bytes < sys.maxsize
    for line in lines:
        if "\n" in line:
            raise ValueError(f"a line must not hold a line end, got {line[:60]!r}; strip it first")
        if len(part) == max_lines or room <= 0:
            yield part, False
            part, room = [], max_bytes
        part.append(line)
        if weigh:
            room -= sys.getsizeof(line) + LIST_SLOT
    yield part, True


def _sorted_lines(
    parts: Iterator[tuple[list[str], bool]],
    tmpdir: str | PathLike[str] | None,
    key: Key | None,
    spill: Spill,
) -> Iterator[str]:
    with ExitStack() as stack:
        runs = _Runs(stack, tmpdir, key)
        for part, last in parts:
            part.sort(key=key)
            if last and not runs.levels:
                yield from part
                return
            runs.write(part, 0, spill)
            spill.runs += 1
            part.clear()
        yield from runs.merged(runs.all())
