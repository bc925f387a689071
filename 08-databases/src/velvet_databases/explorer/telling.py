"""How a child tells the page what it finds, and how long it may take: JSON lines and a budget.

Every job writes one object a line: `begin` with what was asked for, `server` where it uses one,
`step` for a progress bar, lines of its own, and `done` last. The recordings that ship with the
module are such lines, so one reader serves a running child, an ended one and a recording.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]
Tell = Callable[[dict[str, Any]], None]
WORK_SECONDS = 15.0


class Budget:
    """The seconds that a job may work, counted from `start`; a server's own start is not work."""

    def __init__(
        self, seconds: float = WORK_SECONDS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds, self._clock = seconds, clock
        self._began: float | None = None
        self.cut = False

    def start(self) -> None:
        """Begin to count."""
        self._began = self._clock()

    @property
    def used(self) -> float:
        """Seconds since `start`; 0 before it."""
        return 0.0 if self._began is None else self._clock() - self._began

    def over(self) -> bool:
        """Whether the time is up; asked between two pieces of work, and remembered as `cut`."""
        self.cut = self.cut or self.used >= self.seconds
        return self.cut


@dataclass(frozen=True)
class Told:
    """What every job says of itself.

    Attributes:
        options: what was asked for.
        servers: one sentence for each server that was used, with its ``fsync`` setting.
        share: of the work that is done, 0 to 1.
        what: the piece that is under way.
        refused: why there is no server; empty where there is one, or none was needed.
        done: it came to its end; `cut` if its time was up before.
    """

    options: dict[str, Any]
    servers: tuple[str, ...] = ()
    share: float = 0.0
    what: str = ""
    refused: str = ""
    done: bool = False
    cut: bool = False


def read_told(events: Iterable[Event]) -> Told:
    """Read what a job says of itself; complete or not; O(n)."""
    options: dict[str, Any] = {}
    servers: list[str] = []
    seen: dict[str, Any] = {}
    for event in events:
        kind = event.get("type")
        if kind == "begin":
            options.update(event["options"])
        elif kind == "server":
            servers.append(f"{event['name']} {event['version']}, {', '.join(event['notes'])}")
        elif kind == "step":
            seen.update(share=event["done"] / max(1, event["total"]), what=event["what"])
        elif kind == "refused":
            seen["refused"] = event["text"]
        elif kind == "done":
            seen.update(done=True, cut=event["cut"])
    return Told(options, tuple(dict.fromkeys(servers)), **seen)


def read_lines(text: str) -> list[dict[str, Any]]:
    """Read a recording: one JSON object a line.

    Raises:
        ValueError: a line is something else; says which.
    """
    events = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            event = json.loads(line)
        except ValueError:
            raise ValueError(f"line {number} of the recording is no JSON: {line[:60]!r}") from None
        if not isinstance(event, dict):
            raise ValueError(f"line {number} of the recording is no object: {line[:60]!r}")
        events.append(event)
    return events


_OF_THE_JOB = frozenset({"begin", "server", "step", "refused", "done", "anomaly"})


_SUBJECTS = ("backend", "store", "orm", "level", "anomaly", "index", "page", "change")


def _subject(event: Event) -> tuple[str, ...]:
    return tuple(str(event.get(name, "")) for name in _SUBJECTS)


def newest(recorded: Iterable[Event], own: Iterable[Event]) -> list[Event]:
    """Put a reader's own lines in the place of the recorded ones about the same subject.

    A subject is what a line names: a database, a store, a mapper, a level with its anomaly, an
    index, a change. Points of a pool name none: they belong together, and go together.
    """
    mine = list(own)
    seen = {_subject(event) for event in mine if event["type"] not in _OF_THE_JOB}
    if not seen:
        return list(recorded)
    has_server = any(event["type"] == "server" for event in mine)

    def stays(event: Event) -> bool:
        if event["type"] in _OF_THE_JOB:
            return event["type"] == "anomaly" or (event["type"] == "server" and not has_server)
        return _subject(event) not in seen

    return [*filter(stays, recorded), *mine]


@contextmanager
def postgres(tell: Tell, budget: Budget) -> Iterator[str]:
    """Give the address of a fresh database, told of with the server's version and `fsync`.

    Raises:
        ServiceUnavailable: no rung of the ladder gives a server.
    """
    import psycopg

    from velvet_databases.services import fresh_database

    with fresh_database() as url:
        with psycopg.connect(url) as connection:
            shown = {
                name: connection.execute(f"SHOW {name}".encode()).fetchone()
                for name in ("server_version", "fsync")
            }
        version, fsync = (str(row[0]) if row else "unknown" for row in shown.values())
        notes = [f"fsync={fsync}"]
        tell(
            {"type": "server", "name": "PostgreSQL", "version": version.split()[0], "notes": notes}
        )
        budget.start()
        yield url


def steps(tell: Tell, total: int) -> Callable[[str], None]:
    """Return what is called before each of `total` pieces of work, for the progress bar."""
    done = 0

    def next_one(what: str) -> None:
        nonlocal done
        tell({"type": "step", "done": done, "total": total, "what": what})
        done += 1

    return next_one
