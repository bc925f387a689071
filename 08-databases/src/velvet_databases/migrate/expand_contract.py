"""Replace a column of a live table in steps, each of which can be taken back.

Renaming a column, or changing its type, in place breaks the version of the application that runs
while the new one is rolled out. Expand and contract keeps both alive: the new column appears
beside the old one, a trigger writes both, old rows are filled, the application moves over, and only
then does the old column go. Source: M. Fowler, "ParallelChange".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from velvet_databases.migrate.backfill import backfill, forget
from velvet_databases.migrate.ddl import safe_ddl

Step = Callable[[psycopg.Connection[Any]], object]

_SYNC = """
CREATE FUNCTION {table}_sync() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.{new} := coalesce(NEW.{new}, NEW.{old});
        NEW.{old} := coalesce(NEW.{old}, NEW.{new});
    ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN
        NEW.{new} := NEW.{old};
    ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN
        NEW.{old} := NEW.{new};
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGER = (
    "CREATE TRIGGER {table}_sync BEFORE INSERT OR UPDATE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {table}_sync()"
)


@dataclass(frozen=True)
class Phase:
    """One step, with the way back.

    Attributes:
        name: what it is called in the literature.
        up: takes it; needs a connection in autocommit mode.
        down: takes it back, without losing a row or a value.
        works_with: versions of the application that run correctly once it is taken.
    """

    name: str
    up: Step
    down: Step
    works_with: frozenset[str]


@dataclass(frozen=True)
class ExpandContract:
    """The whole way from `old` to `new`, phase by phase.

    Attributes:
        table: whose column is replaced; it has a whole-number key `id` above 0.
        old: the column that goes; it is NOT NULL.
        new: the column that comes.
        old_type: its SQL type, for the way back.
        new_type: the SQL type of the new one; the old values are assignable to it and back.
        size: rows that the backfill changes at a time.
    """

    table: str
    old: str
    new: str
    old_type: str
    new_type: str
    size: int = 5_000

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order; `works_with` says which version runs after each."""
        v1, both, v2 = frozenset({"v1"}), frozenset({"v1", "v2"}), frozenset({"v2"})
        return (
            Phase("expand", self._expand, self._unexpand, v1),
            Phase("dual-write", self._dual_write, self._single_write, v1),
            Phase("backfill", self._backfill, self._unfill, both),
            Phase("validate", self._validate, self._invalidate, both),
            Phase("switch", self._switch, self._switch_back, both),
            Phase("contract", self._contract, self._uncontract, v2),
        )

    def up(self, connection: psycopg.Connection[Any]) -> None:
        """Take all phases."""
        for phase in self.phases:
            phase.up(connection)

    def down(self, connection: psycopg.Connection[Any]) -> None:
        """Take all phases back, the last one first."""
        for phase in reversed(self.phases):
            phase.down(connection)

    def _alter(self, connection: psycopg.Connection[Any], *changes: str) -> None:
        for change in changes:
            safe_ddl(connection, f"ALTER TABLE {self.table} {change}")

    def _named(self, text: str) -> str:
        return text.format(table=self.table, old=self.old, new=self.new)

    def _expand(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"ADD COLUMN {self.new} {self.new_type}")

    def _unexpand(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"DROP COLUMN {self.new}")

    def _dual_write(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(self._named(_SYNC).encode())
        safe_ddl(connection, self._named(_TRIGGER))

    def _single_write(self, connection: psycopg.Connection[Any]) -> None:
        safe_ddl(connection, self._named("DROP TRIGGER {table}_sync ON {table}"))
        connection.execute(self._named("DROP FUNCTION {table}_sync()").encode())

    def _backfill(self, connection: psycopg.Connection[Any]) -> None:
        backfill(connection, self.table, self.new, self._named("{table}.{old}"), size=self.size)

    def _unfill(self, connection: psycopg.Connection[Any]) -> None:
        # The values may stay: the column goes with the phase before. The next way up begins anew.
        forget(connection, self.table, self.new)

    def _validate(self, connection: psycopg.Connection[Any]) -> None:
        # A constraint that is not valid yet takes no scan; validating it blocks no writer.
        check = self._named("{table}_{new}_set")
        self._alter(
            connection,
            f"ADD CONSTRAINT {check} CHECK ({self.new} IS NOT NULL) NOT VALID",
            f"VALIDATE CONSTRAINT {check}",
            # With the valid constraint as proof, this needs no scan of its own.
            f"ALTER COLUMN {self.new} SET NOT NULL",
            f"DROP CONSTRAINT {check}",
        )

    def _invalidate(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"ALTER COLUMN {self.new} DROP NOT NULL")

    def _switch(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"ALTER COLUMN {self.old} DROP NOT NULL")

    def _switch_back(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"ALTER COLUMN {self.old} SET NOT NULL")

    def _contract(self, connection: psycopg.Connection[Any]) -> None:
        self._single_write(connection)
        self._alter(connection, f"DROP COLUMN {self.old}")

    def _uncontract(self, connection: psycopg.Connection[Any]) -> None:
        self._alter(connection, f"ADD COLUMN {self.old} {self.old_type}")
        self._dual_write(connection)
        forget(connection, self.table, self.old)
        backfill(connection, self.table, self.old, self._named("{table}.{new}"), size=self.size)
        forget(connection, self.table, self.old)
