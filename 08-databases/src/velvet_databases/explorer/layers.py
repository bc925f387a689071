"""The same operations through every store, as the page shows them: SQL, time and memory."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from velvet_databases.explorer.telling import Event

#: What has to be installed for a store, beside the standard library.
LIBRARIES = {
    "sqlite3": (),
    "psycopg": ("psycopg",),
    "asyncpg": ("asyncpg",),
    "sqlalchemy core": ("sqlalchemy",),
    "sqlalchemy orm": ("sqlalchemy",),
    "sqlalchemy async": ("sqlalchemy", "aiosqlite"),
    "django": ("django",),
    "peewee": ("peewee",),
    "mongodb": ("pymongo",),
    "redis": ("redis",),
}
_BREAKS = re.compile(
    r"(?<!LEFT)(?<!INNER)(?<!OUTER)\s+(?=(?:FROM|WHERE|ORDER BY|GROUP BY|LIMIT|OFFSET|VALUES|SET"
    r"|RETURNING|ON CONFLICT|FOR UPDATE|(?:(?:LEFT|INNER|OUTER) )*JOIN)\b)"
)


@dataclass(frozen=True)
class Sent:
    """One shape of statement: how often it was sent, its text, and the types of its values."""

    times: int
    sql: str
    shape: tuple[str, ...] = ()

    @property
    def pretty(self) -> str:
        """The text with a line for each clause; nothing else of it is changed."""
        return _BREAKS.sub("\n", self.sql)


@dataclass(frozen=True)
class Cost:
    """What a list of `rows` orders costs: milliseconds, and kB allocated at the peak and kept."""

    rows: int
    ms: float
    peak_kb: float
    held_kb: float


@dataclass
class Layers:
    """What is known of the stores on one database.

    Attributes:
        sql: (store, operation) -> what was sent, or why it was refused.
        costs: by store, in the order of measuring; `absent` are those that could not be used.
    """

    sql: dict[tuple[str, str], list[Sent] | str] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def operations(self) -> list[str]:
        """What was asked of every store."""
        return list(dict.fromkeys(operation for _, operation in self.sql))

    def latest_costs(self) -> dict[str, Cost]:
        """Return the costs of lists as long as the one that was timed last, in a fixed order."""
        rows = list(self.costs.values())[-1].rows if self.costs else 0
        names = sorted(self.costs, key=list(LIBRARIES).index)
        return {name: self.costs[name] for name in names if self.costs[name].rows == rows}

    @property
    def stores(self) -> list[str]:
        """The stores that answered, in a fixed order."""
        return sorted({store for store, _ in self.sql}, key=list(LIBRARIES).index)


def read_layers(events: Iterable[Event]) -> dict[str, Layers]:
    """Read the job's lines, by database; O(n)."""
    found: dict[str, Layers] = {}
    for event in events:
        kind = event.get("type")
        if kind not in ("sql", "cost", "absent"):
            continue
        layers = found.setdefault(event["backend"], Layers())
        store = event["store"]
        if kind == "absent":
            layers.absent[store] = event["reason"]
        elif kind == "cost":
            numbers = (event["ms"], event["peak_kb"], event["held_kb"])
            layers.costs[store] = Cost(event["rows"], *numbers)
        elif "refused" in event:
            layers.sql[store, event["operation"]] = event["refused"]
        else:
            layers.sql[store, event["operation"]] = [
                Sent(times, sql, tuple(shape)) for times, sql, shape in event["statements"]
            ]
    return found


def missing_libraries() -> dict[str, str]:
    """Return the stores whose library is not installed here, with the line that installs it."""
    found = {}
    for store, needed in LIBRARIES.items():
        absent = [name for name in needed if importlib.util.find_spec(name) is None]
        if absent:
            found[store] = f"pip install {' '.join(absent)}"
    return found
