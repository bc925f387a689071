"""Advanced examples: lost updates, anomalies, live migrations, documents and keys.

Every example is one function to be read from top to bottom; run one of them with
`python examples/advanced.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from velvet import services
from velvet.examples import example, main


@example("lost_update")
def lost_update() -> None:
    """Four workers add one fifty times each, in five ways: one of them loses most of it in silence."""
    from velvet_databases.race_counters import STRATEGIES
    from velvet_databases.races import deadlock_demo, race_counter

    def show(url: str, strategy: str, level: str, increments: int = 50) -> None:
        result = race_counter(url, strategy, level, workers=4, increments=increments)
        print(f"  {strategy:18} {level:16}", end="")
        print(f"expected {result.expected} got {result.got:3}, {result.retries} retries")

    print("SQLite: each statement its own transaction, or all of them one")
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        url = f"sqlite:///{Path(folder).as_posix()}/race.db"
        show(url, "read_modify_write", "autocommit", 25)
        show(url, "read_modify_write", "serializable", 25)
        show(url, "atomic_update", "autocommit", 25)

    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server:
        print("PostgreSQL: only the first line loses; the second is the same code")
        for level in ("read committed", "repeatable read"):
            show(server.url, "read_modify_write", level)
        for strategy in STRATEGIES[1:]:
            show(server.url, strategy, "read committed")

        print("two transfers in opposite directions")
        for ordered in (False, True):
            played = deadlock_demo(server.url, ordered)
            ends = ", ".join(f"{who} given up ({why})" for who, why in played.failed.items())
            money = sum(cents for _, cents in played.final)
            how = "lower key first" if ordered else "debit first"
            print(f"  {how:18} {ends or 'both committed'}; {money} of 200 cents there")


@example("anomaly_matrix")
def anomaly_matrix() -> None:
    """Ten anomalies are tried at every level, and the grid equals the published one, cell by cell."""
    from velvet_databases.anomalies import ANOMALIES, matrix, reference, verdict

    def show(backend: str, url: str) -> None:
        found, expected = matrix(url), reference(backend)
        print(f"{backend:16}" + "  ".join(ANOMALIES))
        for level in dict.fromkeys(level for level, _ in found):
            marks = {"prevented": "ok", "possible": "--"}
            cells = (f"{marks[found[level, name]]:{len(name)}}" for name in ANOMALIES)
            print(f"{level:16}" + "  ".join(cells).rstrip())
        same = sum(found[cell] == expected[cell] for cell in expected)
        print(f"{same} of {len(expected)} cells as published\n")

    print("ok: prevented, --: it happened")
    show("sqlite", "sqlite://")
    try:
        server = services.postgres()
    except services.ServiceUnavailable as error:
        print(f"skipped PostgreSQL: {error}")
        return
    with server:
        show("postgresql", server.url)
        for level in ("read committed", "repeatable read"):
            _, played = verdict(server.url, level, "P4")
            print(f"P4, {ANOMALIES['P4'].title}, at {level}:")
            for step in played.results:
                waits = f" waited for {step.blocked_by[0]}" if step.blocked_by else ""
                print(f"  {step.session} {step.sql:46}{step.sqlstate:6}{waits}".rstrip())


if __name__ == "__main__":
    main()
