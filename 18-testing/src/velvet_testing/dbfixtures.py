"""Five ways to give each test its own database, and what each costs.

Code under test may commit. Where each test gets a database of its own that is no concern; a
fixture that rolls back runs the test inside an outer transaction and turns its commits into
savepoints. Every fixture has the same surface (`open` before a test, `done` after it,
`close` after all), so a suite changes its strategy in one line.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any


def _build(db: sqlite3.Connection, schema: Sequence[str]) -> sqlite3.Connection:
    for statement in schema:
        db.execute(statement)
    db.commit()
    return db


class CreatePerTest:
    """Run the schema before each test, in memory or in a file."""

    def __init__(self, schema: Sequence[str], folder: Path | None = None) -> None:
        self._schema, self._folder = schema, folder
        self._db: sqlite3.Connection | None = None

    @property
    def _place(self) -> str | Path:
        return self._folder / "test.db" if self._folder else ":memory:"

    def open(self) -> sqlite3.Connection:
        self._db = sqlite3.connect(self._place)
        self._fill(self._db)
        return self._db

    def _fill(self, db: sqlite3.Connection) -> None:
        _build(db, self._schema)

    def done(self) -> None:
        if self._db is not None:
            self._db.close()
        if self._folder is not None:
            Path(self._place).unlink(missing_ok=True)

    def close(self) -> None:
        self.done()


class TemplateCopy(CreatePerTest):
    """Make one database, and copy its pages for each test (`Connection.backup`)."""

    def __init__(self, schema: Sequence[str]) -> None:
        super().__init__(schema)
        self._template = _build(sqlite3.connect(":memory:"), schema)

    def _fill(self, db: sqlite3.Connection) -> None:
        self._template.backup(db)

    def close(self) -> None:
        super().close()
        self._template.close()


class TemplateBytes(CreatePerTest):
    """Make one database, and load its bytes for each test (`deserialize`, Python 3.11)."""

    def __init__(self, schema: Sequence[str]) -> None:
        if sys.version_info < (3, 11):
            raise NotImplementedError("Connection.deserialize came with Python 3.11")
        super().__init__(schema)
        with closing(_build(sqlite3.connect(":memory:"), schema)) as template:
            self._bytes: bytes = template.serialize()

    def _fill(self, db: Any) -> None:
        db.deserialize(self._bytes)


class SavepointConnection:
    """A connection whose commits and rollbacks stay inside an outer transaction.

    Its interface is the part of DB-API that both sqlite3 and psycopg have.
    """

    def __init__(self, db: Any) -> None:
        self._db = db
        self._db.execute("BEGIN")
        self._db.execute("SAVEPOINT test")

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        return self._db.execute(sql, parameters)

    def commit(self) -> None:
        self._db.execute("RELEASE SAVEPOINT test")
        self._db.execute("SAVEPOINT test")

    def rollback(self) -> None:
        self._db.execute("ROLLBACK TO SAVEPOINT test")

    def end(self) -> None:
        self._db.execute("ROLLBACK")


class RollbackPerTest:
    """One database; each test in a transaction that is rolled back.

    Args:
        db: an open connection in autocommit mode: sqlite3 with `isolation_level=None`, psycopg
            with `autocommit=True`.
    """

    def __init__(self, schema: Sequence[str], db: Any = None) -> None:
        self._raw = db if db is not None else sqlite3.connect(":memory:", isolation_level=None)
        for statement in schema:
            self._raw.execute(statement)
        self._db: SavepointConnection | None = None

    def open(self) -> SavepointConnection:
        self._db = SavepointConnection(self._raw)
        return self._db

    def done(self) -> None:
        if self._db is not None:
            self._db.end()
            self._db = None

    def close(self) -> None:
        self.done()
        self._raw.close()


class TruncateAll:
    """One database; after each test every table is emptied.

    Args:
        statement: makes the statement that empties the tables of their names.
    """

    def __init__(
        self,
        schema: Sequence[str],
        db: Any = None,
        *,
        tables: Sequence[str],
        statement: Callable[[Sequence[str]], Sequence[str]] | None = None,
    ) -> None:
        self._db = db if db is not None else sqlite3.connect(":memory:", isolation_level=None)
        for one in schema:
            self._db.execute(one)
        make = statement or (lambda names: [f"DELETE FROM {name}" for name in names])  # noqa: S608
        self._empty = make(tables)

    def open(self) -> Any:
        return self._db

    def done(self) -> None:
        for statement in self._empty:
            self._db.execute(statement)

    def close(self) -> None:
        self._db.close()


def truncate(tables: Sequence[str]) -> Sequence[str]:
    """Return PostgreSQL's statement that empties tables and restarts their sequences."""
    return [f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"]


class PostgresTemplate:
    """A database per test, copied by PostgreSQL from a template.

    Args:
        connect: opens a connection in autocommit mode to the database of that name.
    """

    def __init__(
        self, schema: Sequence[str], connect: Callable[[str], Any], *, name: str, admin: str
    ) -> None:
        self._connect, self._name = connect, name
        self._admin = connect(admin)
        self._admin.execute(f"CREATE DATABASE {name}")
        with connect(name) as db:
            for statement in schema:
                db.execute(statement)
        self._db: Any = None

    def open(self) -> Any:
        self._admin.execute(f"CREATE DATABASE {self._name}_copy TEMPLATE {self._name}")
        self._db = self._connect(f"{self._name}_copy")
        return self._db

    def done(self) -> None:
        if self._db is not None:
            self._db.close()
            self._admin.execute(f"DROP DATABASE {self._name}_copy")
            self._db = None

    def close(self) -> None:
        self.done()
        self._admin.execute(f"DROP DATABASE {self._name}")
        self._admin.close()
