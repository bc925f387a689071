"""A benchmark in progress: what has been planned, how far it is, and the samples so far.

The harness tells a round at a time and only its last line carries results. Until then a page
wants something that grows. This reader sorts the samples by size, contender and process, so that
the page can ask the harness's own statistics for an interval, and nobody computes one twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Groups = dict[str, list[list[float]]]


@dataclass
class Progress:
    """What the lines so far say.

    Attributes:
        total, done: contenders at sizes.
        where: comparison and size that is being measured now.
        samples: size -> contender -> seconds by process; a `run` is one process a sample, and
            then all of them stand in the first group, in the order of the rounds.
        paired: whether samples of one position were taken in the same round.
        errors: one sentence each.
        claims: (text, verdict) as they are judged.
        results: the whole document, at the end.
    """

    total: int = 0
    done: int = 0
    where: str = ""
    samples: dict[str, Groups] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    claims: list[tuple[str, str]] = field(default_factory=list)
    results: dict[str, Any] | None = None

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rounds(self) -> int:
        """How many samples there are of the contender that has most, over all sizes."""
        return max(
            (
                sum(len(group) for group in groups)
                for by_contender in self.samples.values()
                for groups in by_contender.values()
            ),
            default=0,
        )


def follow(events: Iterable[Mapping[str, Any]], *, bench: str, clock: str = "wall") -> Progress:
    """Read the events of one comparison, complete or cut off; O(n).

    Args:
        events: in the order in which they were told.
        bench: the comparison; samples of others are left out.
        clock: `wall` or `cpu`, whichever the comparison is judged by.
    """
    found, size = Progress(), ""
    for event in events:
        kind = event.get("event")
        if kind == "plan":
            found.total = int(event["total"])
        elif kind == "begin":
            size = str(event["size"])
            found.done = int(event["done"])
            found.where = f"{event['bench']} {size}".strip()
        elif kind == "finish":
            found.done = int(event["done"])
        elif kind == "round" and event["bench"] == bench:
            _round(found.samples.setdefault(size, {}), event, clock)
        elif kind == "sample" and event["bench"] == bench and event.get("what") == "run":
            groups = found.samples.setdefault(size, {}).setdefault(event["contender"], [[]])
            _place(groups[0], int(event["round"]), float(event[clock]))
        elif kind in ("error", "refused"):
            found.errors.append(f"{event.get('contender') or event['bench']}: {event['error']}")
        elif kind == "claim":
            found.claims.append((str(event["text"]), str(event["verdict"])))
        elif kind == "results":
            found.results = dict(event["results"])
            found.done = found.total
    return found


def _round(groups: Groups, event: Mapping[str, Any], clock: str) -> None:
    process = int(event["process"])
    for name, taken in event[clock].items():
        mine = groups.setdefault(name, [])
        while len(mine) <= process:
            mine.append([])
        mine[process].append(float("nan") if taken is None else taken / 1e9)


def _place(group: list[float], number: int, seconds: float) -> None:
    while len(group) <= number:
        group.append(float("nan"))
    group[number] = seconds
