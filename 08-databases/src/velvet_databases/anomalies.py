"""The ten anomalies of Hermitage, as data: what transactions do, and how it shows that it went wrong.

A database's isolation level is what it prevents, so each anomaly is an interleaving that produces it
unless a transaction is made to wait or is given up. Names and definitions: A. Adya, "Weak
Consistency" (1999), and Adya, Liskov, O'Neil, "Generalized Isolation Level Definitions" (2000) for
G0 to G2; Berenson et al., "A Critique of ANSI SQL Isolation Levels" (1995) for P4; Bailis et al.,
"Highly Available Transactions" (2013) for OTV and PMP; M. Kleppmann's Hermitage for the selection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from velvet_databases.isolation import Interleaving, Played, Step
from velvet_databases.isolation_stage import LEVELS
from velvet_databases.stores.address import read_address

Verdict = Literal["prevented", "possible"]
# Two shelves of a stock room: shelf 1 holds 10 pieces, shelf 2 holds 20.
SETUP = (
    "CREATE TABLE shelf (id INTEGER PRIMARY KEY, pieces INTEGER NOT NULL)",
    "INSERT INTO shelf VALUES (1, 10), (2, 20)",
)
FINAL = "SELECT id, pieces FROM shelf ORDER BY id"


@dataclass(frozen=True)
class Anomaly:
    """One way in which transactions disturb each other.

    Attributes:
        name: as in Hermitage.
        title: the spoken name, `meaning` what goes wrong, in one sentence.
        steps: of the interleaving.
        happened: tells from what was played whether it went wrong.
    """

    name: str
    title: str
    meaning: str
    steps: tuple[Step, ...]
    happened: Callable[[Played], bool]


def _script(text: str) -> tuple[Step, ...]:
    """Read lines of ``T1  statement  -- label``."""
    steps = []
    for line in text.strip().splitlines():
        session, _, rest = line.strip().partition(" ")
        sql, _, label = rest.strip().partition(" -- ")
        steps.append(Step(session, sql, label))
    return tuple(steps)


def _both(played: Played) -> bool:
    return played.committed >= {"T1", "T2"}


def _mixed(played: Played) -> bool:
    """One shelf as T1 left it, the other as T2 did."""
    return _both(played) and dict(played.final) in ({1: 11, 2: 22}, {1: 12, 2: 21})


def _vanished(played: Played) -> bool:
    """T3 saw something of T2, and later something that T2 had overwritten."""
    writers: dict[object, str] = {11: "T1", 19: "T1", 12: "T2", 18: "T2"}
    seen = [writers.get(played.value(label)) for label in ("one", "two", "two again", "one again")]
    return "T2" in seen and "T1" in seen[seen.index("T2") :]


_LISTED = (
    Anomaly(
        "G0",
        "dirty write",
        "Two transactions overwrite each other's uncommitted rows, and a mixture of both stays.",
        _script("""
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T2 UPDATE shelf SET pieces = 12 WHERE id = 1
            T1 UPDATE shelf SET pieces = 21 WHERE id = 2
            T1 COMMIT
            T2 UPDATE shelf SET pieces = 22 WHERE id = 2
            T2 COMMIT"""),
        _mixed,
    ),
    Anomaly(
        "G1a",
        "aborted read",
        "A transaction reads what another one writes and then takes back.",
        _script("""
            T1 UPDATE shelf SET pieces = 101 WHERE id = 1
            T2 SELECT pieces FROM shelf WHERE id = 1 -- before
            T1 ROLLBACK
            T2 SELECT pieces FROM shelf WHERE id = 1 -- after
            T2 COMMIT"""),
        lambda played: 101 in (played.value("before"), played.value("after")),
    ),
    Anomaly(
        "G1b",
        "intermediate read",
        "A transaction reads a value that its writer replaces before committing.",
        _script("""
            T1 UPDATE shelf SET pieces = 101 WHERE id = 1
            T2 SELECT pieces FROM shelf WHERE id = 1 -- before
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T1 COMMIT
            T2 SELECT pieces FROM shelf WHERE id = 1 -- after
            T2 COMMIT"""),
        lambda played: 101 in (played.value("before"), played.value("after")),
    ),
    Anomaly(
        "G1c",
        "circular information flow",
        "Each of two transactions reads what the other one has written.",
        _script("""
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T2 UPDATE shelf SET pieces = 22 WHERE id = 2
            T1 SELECT pieces FROM shelf WHERE id = 2 -- first
            T2 SELECT pieces FROM shelf WHERE id = 1 -- second
            T1 COMMIT
            T2 COMMIT"""),
        lambda played: _both(played)
        and (played.value("first"), played.value("second")) == (22, 11),
    ),
    Anomaly(
        "OTV",
        "observed transaction vanishes",
        "A reader sees one write of a transaction, and later a state from before it.",
        _script("""
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T1 UPDATE shelf SET pieces = 19 WHERE id = 2
            T2 UPDATE shelf SET pieces = 12 WHERE id = 1
            T1 COMMIT
            T3 SELECT pieces FROM shelf WHERE id = 1 -- one
            T2 UPDATE shelf SET pieces = 18 WHERE id = 2
            T3 SELECT pieces FROM shelf WHERE id = 2 -- two
            T2 COMMIT
            T3 SELECT pieces FROM shelf WHERE id = 2 -- two again
            T3 SELECT pieces FROM shelf WHERE id = 1 -- one again
            T3 COMMIT"""),
        _vanished,
    ),
    Anomaly(
        "PMP",
        "predicate-many-preceders",
        "The same condition, asked twice in a transaction, gives different rows.",
        _script("""
            T1 SELECT id FROM shelf WHERE pieces = 30 -- before
            T2 INSERT INTO shelf VALUES (3, 30)
            T2 COMMIT
            T1 SELECT id FROM shelf WHERE pieces % 3 = 0 -- after
            T1 COMMIT"""),
        lambda played: played.rows("before") == () and played.value("after") == 3,
    ),
    Anomaly(
        "P4",
        "lost update",
        "Two transactions read the same value and write back their own; one write is gone.",
        _script("""
            T1 SELECT pieces FROM shelf WHERE id = 1 -- first
            T2 SELECT pieces FROM shelf WHERE id = 1 -- second
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T2 UPDATE shelf SET pieces = 12 WHERE id = 1
            T1 COMMIT
            T2 COMMIT"""),
        _both,
    ),
    Anomaly(
        "G-single",
        "read skew",
        "A reader sees one shelf before, the other after a transaction that changed both.",
        _script("""
            T1 SELECT pieces FROM shelf WHERE id = 1 -- one
            T2 SELECT pieces FROM shelf WHERE id = 1
            T2 SELECT pieces FROM shelf WHERE id = 2
            T2 UPDATE shelf SET pieces = 12 WHERE id = 1
            T2 UPDATE shelf SET pieces = 18 WHERE id = 2
            T2 COMMIT
            T1 SELECT pieces FROM shelf WHERE id = 2 -- two
            T1 COMMIT"""),
        lambda played: (played.value("one"), played.value("two")) == (10, 18),
    ),
    Anomaly(
        "G2-item",
        "write skew",
        "Two transactions read both shelves and each changes another one: a rule over both breaks.",
        _script("""
            T1 SELECT id, pieces FROM shelf WHERE id IN (1, 2)
            T2 SELECT id, pieces FROM shelf WHERE id IN (1, 2)
            T1 UPDATE shelf SET pieces = 11 WHERE id = 1
            T2 UPDATE shelf SET pieces = 21 WHERE id = 2
            T1 COMMIT
            T2 COMMIT"""),
        _both,
    ),
    Anomaly(
        "G2",
        "anti-dependency cycle",
        "Two transactions find no row for a condition, and each inserts one that the other missed.",
        _script("""
            T1 SELECT id FROM shelf WHERE pieces % 3 = 0
            T2 SELECT id FROM shelf WHERE pieces % 3 = 0
            T1 INSERT INTO shelf VALUES (3, 30)
            T2 INSERT INTO shelf VALUES (4, 42)
            T1 COMMIT
            T2 COMMIT"""),
        _both,
    ),
)
ANOMALIES: dict[str, Anomaly] = {anomaly.name: anomaly for anomaly in _LISTED}
# What Hermitage found on PostgreSQL, and what SQLite's documentation ("Isolation In SQLite") means.
_POSSIBLE: dict[str, frozenset[str]] = {
    "read committed": frozenset({"PMP", "P4", "G-single", "G2-item", "G2"}),
    "repeatable read": frozenset({"G2-item", "G2"}),
    "serializable": frozenset(),
}


def reference(backend: str) -> dict[tuple[str, str], Verdict]:
    """Return the published table: (level, anomaly) -> verdict; `KeyError` for another database."""
    return {
        (level, name): "possible" if name in _POSSIBLE[level] else "prevented"
        for level in LEVELS[backend]
        for name in ANOMALIES
    }


def verdict(url: str, level: str, name: str) -> tuple[Verdict, Played]:
    """Play one anomaly; raises `KeyError` for an unknown one, and as `Interleaving` does."""
    anomaly = ANOMALIES[name]
    played = Interleaving(url, level, SETUP, anomaly.steps, final=FINAL).play()
    return ("possible" if anomaly.happened(played) else "prevented"), played


def matrix(url: str, levels: Iterable[str] | None = None) -> dict[tuple[str, str], Verdict]:
    """Play every anomaly at every level (or those named): (level, anomaly) -> verdict.

    Raises as `Interleaving` does. About 50 ms a cell.
    """
    backend = read_address(url, frozenset(LEVELS)).backend
    wanted = LEVELS[backend] if levels is None else tuple(levels)
    return {(level, name): verdict(url, level, name)[0] for level in wanted for name in ANOMALIES}
