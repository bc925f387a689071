"""Replace a column of a live table in steps, each of which can be taken back.

Renaming a column, or changing its type, in place breaks the version of the application that runs
while the new one is rolled out. Expand and contract keeps both alive: the new column appears
beside the old one, a trigger writes both, old rows are filled, the application moves over, and only
then does the old column go. Source: M. Fowler, "ParallelChange".

Every phase may be interrupted anywhere and taken again, up or down: what is done together is one
transaction, and what cannot be one is written so that doing it twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import tuple_row

from velvet_databases.migrate.online import (
    Connection,
    backfill,
    checkpoint,
    forget,
    named,
    names,
    safe_ddl,
)

Step = Callable[[Connection], object]

# Only the new version writes the new column, so what an INSERT says of it is what is meant; the old
# one may just have its default.
_BODY = """
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.{new} IS NULL THEN NEW.{new} := NEW.{old}; ELSE NEW.{old} := NEW.{new}; END IF;
    ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} THEN
        NEW.{new} := NEW.{old};
    ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} THEN
        NEW.{old} := NEW.{new};
    END IF;
    RETURN NEW;
END
"""
_SYNC = (
    "CREATE OR REPLACE FUNCTION {sync}() RETURNS trigger LANGUAGE plpgsql AS {body}",
    "DROP TRIGGER IF EXISTS {trigger} ON {table}",
    "CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table} "
    "FOR EACH ROW EXECUTE FUNCTION {sync}()",
)
_UNSYNC = ("DROP TRIGGER IF EXISTS {trigger} ON {table}", "DROP FUNCTION IF EXISTS {sync}()")
# What goes with a column: its default, and its indexes, rules and comment as statements that bring
# them back.
_BELONGINGS = r"""
WITH col AS (
    SELECT attrelid, attnum FROM pg_attribute
    WHERE attrelid = %(table)s::regclass AND attname = %(column)s AND NOT attisdropped),
parts AS (
    SELECT DISTINCT d.classid, d.objid FROM pg_depend d JOIN col ON d.refobjid = col.attrelid
    AND d.refobjsubid = col.attnum AND d.refclassid = 'pg_class'::regclass)
SELECT 1, pg_get_expr(d.adbin, d.adrelid)
FROM col JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
UNION ALL
SELECT 2, format('DROP INDEX CONCURRENTLY IF EXISTS %%s', i.indexrelid::regclass) || E'\n;\n'
    || regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')
FROM parts JOIN pg_index i ON classid = 'pg_class'::regclass AND objid = i.indexrelid
UNION ALL
SELECT 3, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
    pg_get_constraintdef(c.oid))
    || CASE WHEN convalidated AND contype IN ('c', 'f') THEN ' NOT VALID' ELSE '' END
FROM parts JOIN pg_constraint c ON classid = 'pg_constraint'::regclass AND objid = c.oid
WHERE contype <> 'n'
UNION ALL
SELECT 4, format('ALTER TABLE %%s VALIDATE CONSTRAINT %%I', conrelid::regclass, conname)
FROM parts JOIN pg_constraint c ON classid = 'pg_constraint'::regclass AND objid = c.oid
WHERE convalidated AND contype IN ('c', 'f')
UNION ALL
SELECT 5, format('COMMENT ON COLUMN %%s.%%I IS %%L', attrelid::regclass, %(column)s,
    col_description(attrelid, attnum))
FROM col WHERE col_description(attrelid, attnum) IS NOT NULL
"""
# The step that belongs to the trigger, and the one that cannot run in a transaction.
_DEFAULT, _INDEX = 1, 2
_KEPT = (
    "CREATE TABLE IF NOT EXISTS expand_contract_kept (number BIGINT GENERATED ALWAYS AS IDENTITY, "
    "name TEXT NOT NULL, step INT NOT NULL, statement TEXT NOT NULL)"
)
_KEEP = (
    "INSERT INTO expand_contract_kept (name, step, statement) "
    "VALUES ({checkpoint}, {step}, {statement})"
)


@dataclass(frozen=True)
class Phase:
    """One step, with the way back.

    Attributes:
        name: what it is called in the literature.
        up: takes it; needs a connection in autocommit mode; once taken, it does nothing.
        down: takes it back, without losing a row or a value; once taken back, it does nothing.
        works_with: versions of the application that run correctly once it is taken.
    """

    name: str
    up: Step
    down: Step
    works_with: frozenset[str]


@dataclass(frozen=True)
class ExpandContract:
    """The whole way from `old` to `new`, phase by phase.

    The old column's default moves to the new one. Its indexes, rules and comment come back on the
    way down; those of the new column are made by the caller, after the backfill.

    Attributes:
        table: whose column is replaced; it has a whole-number key `id` above 0. Names are read as
            `online.names` does.
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

    def up(self, connection: Connection) -> None:
        """Take all phases that are not taken yet."""
        for phase in self.phases:
            phase.up(connection)

    def down(self, connection: Connection) -> None:
        """Take all phases back, the last one first."""
        for phase in reversed(self.phases):
            phase.down(connection)

    @property
    def _returning(self) -> str:
        """The name of the old column's checkpoint, which is there while the column comes back."""
        return f"{self.table}.{self.old}"

    def _sql(self, connection: Connection, *texts: str, **parts: object) -> list[str]:
        """Return statements with their names quoted and the parts as literals."""
        *schema, table = names(self.table)
        (old,), (new,) = names(self.old), names(self.new)
        sync, check = f"{table}_{old}_sync"[-60:], f"{table}_{new}_set"[-60:]
        own: dict[str, sql.Composable] = {
            "table": sql.Identifier(*schema, table),
            "old": sql.Identifier(old),
            "new": sql.Identifier(new),
            "sync": sql.Identifier(*schema, sync),
            "trigger": sql.Identifier(sync),
            "check": sql.Identifier(check),
            "checkpoint": sql.Literal(self._returning),
            **{name: sql.Literal(value) for name, value in parts.items()},
        }
        own["body"] = sql.Literal(sql.SQL(_BODY).format(**own).as_string(connection))
        return [sql.SQL(text).format(**own).as_string(connection) for text in texts]

    def _alter(self, connection: Connection, *changes: str) -> None:
        """Make all changes of the table, or none."""
        texts = (f"ALTER TABLE {{table}} {one}" for one in changes)
        safe_ddl(connection, self._sql(connection, *texts))

    def _has(self, connection: Connection, column: str) -> tuple[bool] | None:
        """Return whether a column is NOT NULL, as a row; None where there is no such column."""
        query = (
            "SELECT attnotnull FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attname = %s AND attnum > 0 AND NOT attisdropped"
        )
        table = named(self.table).as_string(connection)
        with connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, (table, names(column)[-1])).fetchone()

    def _expand(self, connection: Connection) -> None:
        if self._has(connection, self.old):
            self._alter(connection, f"ADD COLUMN IF NOT EXISTS {{new}} {self.new_type}")
        elif not self._has(connection, self.new):
            raise ValueError(f"{self.table} has neither a column {self.old} nor {self.new}")

    def _unexpand(self, connection: Connection) -> None:
        self._alter(connection, "DROP COLUMN IF EXISTS {new}")

    def _dual_write(self, connection: Connection) -> None:
        if self._has(connection, self.old):
            safe_ddl(connection, self._sql(connection, *_SYNC))

    def _single_write(self, connection: Connection) -> None:
        safe_ddl(connection, self._sql(connection, *_UNSYNC))

    def _fill(self, connection: Connection, column: str, source: str) -> None:
        # Where a way down was interrupted, the column that is left has the values.
        (expression,) = self._sql(connection, f"{{table}}.{{{source}}}")
        only = f"{expression} IS NOT NULL"
        backfill(connection, self.table, column, expression, only=only, size=self.size)

    def _backfill(self, connection: Connection) -> None:
        if self._has(connection, self.old):
            self._fill(connection, self.new, "old")

    def _unfill(self, connection: Connection) -> None:
        # The values may stay: the column goes with the phase before. The next way up begins anew.
        forget(connection, self.table, self.new)

    def _validate(self, connection: Connection) -> None:
        if self._has(connection, self.new) == (True,):
            return
        # A constraint that is not valid yet takes no scan; validating it blocks no writer.
        rule = "ADD CONSTRAINT {check} CHECK ({new} IS NOT NULL) NOT VALID"
        self._alter(connection, f"DROP CONSTRAINT IF EXISTS {{check}}, {rule}")
        self._alter(connection, "VALIDATE CONSTRAINT {check}")
        # With the valid constraint as proof, this needs no scan of its own.
        drop = "DROP CONSTRAINT IF EXISTS {check}"
        self._alter(connection, "ALTER COLUMN {new} SET NOT NULL", drop)

    def _invalidate(self, connection: Connection) -> None:
        if self._has(connection, self.new):
            drop = "DROP CONSTRAINT IF EXISTS {check}"
            self._alter(connection, drop, "ALTER COLUMN {new} DROP NOT NULL")

    def _switch(self, connection: Connection) -> None:
        if self._has(connection, self.old):
            self._alter(connection, "ALTER COLUMN {old} DROP NOT NULL")

    def _switch_back(self, connection: Connection) -> None:
        self._alter(connection, "ALTER COLUMN {old} SET NOT NULL")

    def _contract(self, connection: Connection) -> None:
        if not self._has(connection, self.old):
            return
        connection.execute(_KEPT)
        checkpoint(connection, self._returning)
        table = named(self.table).as_string(connection)
        with connection.cursor(row_factory=tuple_row) as cursor:
            cursor.execute(_BELONGINGS, {"table": table, "column": names(self.old)[-1]})
            belongings = cursor.fetchall()
        statements = self._sql(connection, *_UNSYNC)
        for step, text in belongings:
            back = text
            if step == _DEFAULT:
                old, new = self._sql(
                    connection,
                    "ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT ",
                    "ALTER TABLE {table} ALTER COLUMN {new} SET DEFAULT ",
                )
                back = old + text
                statements.append(new + text)
            statements += self._sql(connection, _KEEP, step=step, statement=back)
        statements += self._sql(
            connection,
            "DELETE FROM backfill_checkpoint WHERE name = {checkpoint}",
            "ALTER TABLE {table} DROP COLUMN {old}",
        )
        safe_ddl(connection, statements)

    def _uncontract(self, connection: Connection) -> None:
        returning = checkpoint(connection, self._returning) is not None
        if not self._has(connection, self.new) or (
            self._has(connection, self.old) and not returning
        ):
            return
        kept = self._kept(connection)
        safe_ddl(
            connection,
            [
                *self._sql(
                    connection,
                    f"ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{old}} {self.old_type}",
                    "ALTER TABLE {table} ALTER COLUMN {new} DROP DEFAULT",
                ),
                # The default moves with the trigger: writers that rely on it never lack one.
                *(text for step, *texts in kept if step == _DEFAULT for text in texts),
                *self._sql(
                    connection,
                    *_SYNC,
                    "INSERT INTO backfill_checkpoint VALUES ({checkpoint}, 0) ON CONFLICT DO NOTHING",
                ),
            ],
        )
        self._fill(connection, self.old, "new")
        for step, statement, done in kept:
            if step == _INDEX:
                # Interrupted, it leaves an invalid index behind, which goes first.
                for one in (*statement.split("\n;\n"), done):
                    connection.execute(one.encode())
            elif step != _DEFAULT:
                safe_ddl(connection, [statement, done])
        forget(connection, self.table, self.old)

    def _kept(self, connection: Connection) -> list[tuple[int, str, str]]:
        """Return what went with the old column and is not back: step, statement, how to forget it."""
        connection.execute(_KEPT)
        with connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(
                "SELECT step, statement, format('DELETE FROM expand_contract_kept WHERE number = %%s', "
                "number) FROM expand_contract_kept WHERE name = %s ORDER BY step, number",
                (self._returning,),
            ).fetchall()
