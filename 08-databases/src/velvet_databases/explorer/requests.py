"""What the page's controls ask for, checked before a child is started."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

Range = tuple[float, float]


def outside(values: Mapping[str, Any], ranges: Mapping[str, Range]) -> list[str]:
    """Say which values are out of range, one sentence each; empty when all is well."""
    found = []
    for name, (low, high) in ranges.items():
        value = values[name]
        if not (math.isfinite(value) and low <= value <= high):
            found.append(f"{name} must be {low:g} to {high:g}, not {value:g}")
    return found


class Request:
    """What every request can do: say what is wrong with it, and become a command line."""

    job: ClassVar[str]
    ranges: ClassVar[Mapping[str, Range]] = {}

    def problems(self) -> list[str]:
        """Say what is wrong, with the range that would do; empty when it can run."""
        return outside(vars(self), self.ranges)

    def argv(self) -> list[str]:
        """Return the arguments after the interpreter that run it in a child.

        Raises:
            ValueError: `problems` are not empty.
        """
        problems = self.problems()
        if problems:
            raise ValueError("; ".join(problems))
        argv = ["-m", "velvet_databases.explorer", self.job]
        for name, value in asdict(self).items():  # type: ignore[call-overload]  # see subclasses
            if value is True:
                argv.append(f"--{name.replace('_', '-')}")
            elif value is not False and value != "":
                argv += [f"--{name.replace('_', '-')}", f"{value}"]
        return argv


@dataclass(frozen=True)
class LayersRequest(Request):
    """Read `rows` orders through every store that an address allows."""

    rows: int = 2_000
    postgres: bool = False
    job: ClassVar[str] = "layers"
    ranges: ClassVar[Mapping[str, Range]] = {"rows": (100, 10_000)}


@dataclass(frozen=True)
class PagesRequest(Request):
    """Read a page of `parents` orders with `children` lines each, `rtt_ms` away (PostgreSQL).

    Attributes:
        orm: the mapper; an empty text for all of them.
    """

    parents: int = 100
    children: int = 10
    rtt_ms: float = 0.0
    postgres: bool = False
    orm: str = ""
    job: ClassVar[str] = "pages"
    ranges: ClassVar[Mapping[str, Range]] = {
        "parents": (1, 200),
        "children": (1, 50),
        "rtt_ms": (0, 10),
    }

    def argv(self) -> list[str]:
        """Return the command line; small pages are measured too, so that prices can be fitted.

        Raises:
            ValueError: `problems` are not empty.
        """
        argv = super().argv()
        for name, small in (("--parents", min(10, self.parents)), ("--children", 1)):
            at = argv.index(name) + 1
            if argv[at] != str(small):
                argv.insert(at, str(small))
        return argv


@dataclass(frozen=True)
class PoolRequest(Request):
    """Load pools of several sizes with `threads` callers that hold for a wait and a computation."""

    threads: int = 32
    wait_ms: float = 2.0
    compute_ms: float = 0.5
    job: ClassVar[str] = "pool"
    ranges: ClassVar[Mapping[str, Range]] = {
        "threads": (1, 64),
        "wait_ms": (0, 50),
        "compute_ms": (0, 10),
    }


@dataclass(frozen=True)
class PlaysRequest(Request):
    """Play one anomaly, or all of them, at every level that the databases have."""

    anomaly: str = ""
    postgres: bool = False
    job: ClassVar[str] = "plays"


@dataclass(frozen=True)
class PlansRequest(Request):
    """Explain one query on PostgreSQL under each index."""

    rows: int = 50_000
    job: ClassVar[str] = "plans"
    ranges: ClassVar[Mapping[str, Range]] = {"rows": (1_000, 200_000)}


@dataclass(frozen=True)
class ChangesRequest(Request):
    """Change a table of `rows` rows on PostgreSQL under a writer."""

    rows: int = 100_000
    job: ClassVar[str] = "changes"
    ranges: ClassVar[Mapping[str, Range]] = {"rows": (1_000, 200_000)}
