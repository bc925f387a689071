"""What a profiler says, in one form: rows by function, stacks where it has them, and its verdict.

Tools count calls, samples, lines or bytes. All of it comes down to two questions that can be
compared: which share does it give to this function with everything that it calls, and at which
rank does that put the function among the parts of the program?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from velvet_performance.stacks import Stacks, name_of

Z95 = 1.96


@dataclass(frozen=True)
class Row:
    """One function (or line) of a profile.

    Attributes:
        own: what it costs itself, in the profile's unit.
        total: with everything that it calls.
        calls: how often it was called; 0 where the tool does not count.
    """

    function: str
    own: float
    total: float
    calls: int = 0
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Profile:
    """What one profiler said about one run.

    Attributes:
        unit: seconds, samples or bytes.
        whole: what the shares are of; the sum of all own costs unless the tool knows better.
        samples: how many samples it rests on; 0 for a tool that counts everything.
    """

    rows: tuple[Row, ...]
    unit: str = "seconds"
    whole: float = 0.0
    samples: int = 0
    stacks: Stacks | None = field(default=None, repr=False)

    @property
    def sum(self) -> float:
        """What the shares are of."""
        return self.whole or math.fsum(row.own for row in self.rows)

    def share_of(self, function: str) -> float:
        """Return the share of a function with what it calls; 0.0 when the tool never saw it."""
        whole = self.sum
        found = [row.total for row in self.rows if name_of(row.function) == function]
        return max(0.0, max(found) / whole) if found and whole > 0 else 0.0

    def shares(self, parts: Iterable[str]) -> dict[str, float]:
        """Return the share of each part among those parts, so that tools can be compared."""
        raw = {part: self.share_of(part) for part in parts}
        total = sum(raw.values())
        return {part: share / total if total else 0.0 for part, share in raw.items()}

    def rank_of(self, hot: str, parts: Iterable[str]) -> int:
        """Return the place of a part among the parts, 1 for the hottest; 0 when it was not seen.

        A tie is no find.
        """
        shares = self.shares(parts)
        if not shares.get(hot):
            return 0
        return 1 + sum(share >= shares[hot] for part, share in shares.items() if part != hot)

    def hottest(self, n: int = 5) -> list[Row]:
        """Return the rows with the largest own cost."""
        return sorted(self.rows, key=lambda row: row.own, reverse=True)[:n]

    def interval(self, share: float) -> tuple[float, float]:
        """Return the 95 % interval of a share; that of a tool that counts everything is a point.

        The Wilson interval of a binomial share: with few samples it is wide, as it should be.
        """
        if not self.samples:
            return share, share
        n, squared = self.samples, Z95**2
        middle = (share + squared / (2 * n)) / (1 + squared / n)
        half = Z95 * math.sqrt(share * (1 - share) / n + squared / (4 * n * n)) / (1 + squared / n)
        return max(0.0, middle - half), min(1.0, middle + half)


def from_stacks(stacks: Stacks, *, unit: str = "samples", samples: int = 0) -> Profile:
    """Return the profile of a tool that has stacks."""
    own, total = stacks.self_weights(), stacks.total_weights()
    rows = (Row(name, own.get(name, 0.0), weight) for name, weight in total.items())
    return Profile(tuple(rows), unit, stacks.total, samples, stacks)


@dataclass(frozen=True)
class Lines:
    """Where the functions of a program lie, to sum a line profiler's figures by function."""

    function: str
    file: str
    first: int
    last: int


def lines_of(function: Callable[..., object]) -> Lines:
    """Return the lines of a function."""
    code = function.__code__
    numbers = [line for _, _, line in code.co_lines() if line]
    return Lines(function.__name__, code.co_filename, code.co_firstlineno, max(numbers))


def from_lines(
    figures: Mapping[tuple[str, int], float], places: Sequence[Lines], *, unit: str = "seconds"
) -> Profile:
    """Return the profile of a tool that has figures by file and line, for the functions given."""
    rows = []
    for place in places:
        same = {
            line: figure
            for (file, line), figure in figures.items()
            if Path(file) == Path(place.file) and place.first <= line <= place.last
        }
        cost = math.fsum(same.values())
        rows.append(Row(place.function, cost, cost, 0, place.file, place.first))
    return Profile(tuple(rows), unit)
