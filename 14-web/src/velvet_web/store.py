"""Where tasks are kept: one SQL text for SQLite and PostgreSQL, every value bound.

Pages go by key (`id > ?`), so they cost the same anywhere in the table; a change names the version
that it read in its WHERE clause, so two writers never overwrite each other unseen. The statements
stand here once; a database adds its connections and its schema.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from velvet_web.domain import NewTask, Problem, Task

T = TypeVar("T")
Run = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
IDEMPOTENCY_SECONDS = 24 * 3600
EXPORT_PAGE = 500
COLUMNS = "id, title, completed, position, created_at, version"
GET = f"SELECT {COLUMNS} FROM tasks WHERE id = ?"  # noqa: S608 - our own column names
INSERT = (
    "INSERT INTO tasks (title, completed, position, created_at, version) "
    "VALUES (?, ?, ?, ?, 1) RETURNING " + COLUMNS
)
REPLACE = (
    "UPDATE tasks SET title = ?, completed = ?, position = ?, version = version + 1 "
    "WHERE id = ? AND version = ? RETURNING id, title, completed, position, created_at, version"
)
SCHEMA = (
    """CREATE TABLE IF NOT EXISTS tasks (id {key}, title TEXT NOT NULL, completed SMALLINT NOT NULL,
    position INTEGER, created_at TEXT NOT NULL, version BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS idempotency (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL,
    answer TEXT, created DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS idempotency_created ON idempotency (created)",
)


class Unavailable(Problem):
    """The database does not answer now; the request may be sent again."""

    def __init__(self, reason: str) -> None:
        super().__init__(503, f"the database {reason}", headers={"retry-after": "1"})


def to_task(row: Sequence[Any]) -> Task:
    """Return the task of a row of `COLUMNS`."""
    return Task(row[0], row[1], bool(row[2]), row[3], row[4], row[5])


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TaskStore:
    """The statements of the board over any database; a subclass gives transactions.

    All methods may be called from several threads.
    """

    def transact(self, work: Callable[[Run], T], *, write: bool = False) -> T:
        """Run `work` in one transaction and return what it returns."""
        raise NotImplementedError

    def close(self) -> None:
        """Close all connections."""
        raise NotImplementedError

    def ping(self) -> None:
        """Raise `Unavailable` when the database does not answer."""
        self.transact(lambda run: run("SELECT 1", ()))

    def page(self, limit: int, after: int = 0, completed: bool | None = None) -> list[Task]:
        """Return up to `limit` tasks after an id, by id; O(limit)."""
        where, values = "id > ?", [int(after)]
        if completed is not None:
            where, values = f"{where} AND completed = ?", [*values, int(completed)]
        sql = f"SELECT {COLUMNS} FROM tasks WHERE {where} ORDER BY id LIMIT ?"  # noqa: S608
        return [to_task(row) for row in self.transact(lambda run: run(sql, [*values, int(limit)]))]

    def get(self, task_id: int) -> Task | None:
        """Return one task, or None."""
        rows = self.transact(lambda run: run(GET, (int(task_id),)))
        return to_task(rows[0]) if rows else None

    def create(self, new: NewTask) -> Task:
        """Insert a task."""
        return self.transact(lambda run: _insert(run, new), write=True)

    def create_once(self, new: NewTask, key: str, fingerprint: str) -> tuple[Task, bool]:
        """Insert a task once per idempotency key, however often and concurrently it is asked.

        Returns the task of the first request and whether this was it.

        Raises:
            Problem: 409 when the key was used with another body.
        """

        def work(run: Run) -> tuple[Task, bool]:
            now = time.time()
            run("DELETE FROM idempotency WHERE created < ?", (now - IDEMPOTENCY_SECONDS,))
            claimed = run(
                "INSERT INTO idempotency (key, fingerprint, created) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING RETURNING key",
                (key, fingerprint, now),
            )
            if claimed:
                task = _insert(run, new)
                answer = json.dumps(asdict(task))
                run("UPDATE idempotency SET answer = ? WHERE key = ?", (answer, key))
                return task, True
            known = run("SELECT fingerprint, answer FROM idempotency WHERE key = ?", (key,))
            if known[0][0] != fingerprint:
                raise Problem(409, "this Idempotency-Key was used with another body")
            return Task(**json.loads(known[0][1])), False

        return self.transact(work, write=True)

    def replace(self, task: Task, new: NewTask) -> Task | None:
        """Change a task that still has the version given; None when it has moved on."""
        values = (new.title, int(new.completed), new.order, task.id, task.version)
        rows = self.transact(lambda run: run(REPLACE, values), write=True)
        return to_task(rows[0]) if rows else None

    def delete(self, task: Task) -> bool:
        """Delete a task that still has the version given."""
        sql = "DELETE FROM tasks WHERE id = ? AND version = ? RETURNING id"
        return bool(self.transact(lambda run: run(sql, (task.id, task.version)), write=True))

    def clear(self) -> None:
        """Delete all tasks."""
        self.transact(lambda run: run("DELETE FROM tasks", ()), write=True)

    def export(self) -> Iterator[list[Task]]:
        """Yield all tasks in pages, holding one page and no open transaction."""
        after = 0
        while page := self.page(EXPORT_PAGE, after):
            yield page
            after = page[-1].id


def _insert(run: Run, new: NewTask) -> Task:
    return to_task(run(INSERT, (new.title, int(new.completed), new.order, _now()))[0])


class SqliteStore(TaskStore):
    """Tasks in a SQLite file in WAL mode, over a small pool of connections.

    A connection serves one thread at a time, which the pool guarantees; so several threads read
    at once, and closing the store closes every connection, whichever thread opened it.
    """

    def __init__(self, path: str, *, connections: int = 8, busy: float = 0.5) -> None:
        if not busy >= 0:
            raise ValueError(f"busy is {busy}; it is the seconds that a query waits, from 0 up")
        self._path = path
        self._busy = busy
        # A place without a connection yet is None; the last that came back is the next to go.
        self._idle: list[sqlite3.Connection | None] = [None for _ in range(connections)]
        self._returned = threading.Condition()
        self._all: list[sqlite3.Connection] = []
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        key = "INTEGER PRIMARY KEY AUTOINCREMENT"
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            for statement in SCHEMA:
                connection.execute(statement.format(key=key))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        taken: list[sqlite3.Connection | None] = []
        try:
            with self._returned:
                if not self._returned.wait_for(lambda: self._idle, self._busy):
                    raise Unavailable("has no connection left")
                taken[:] = self._idle[-1:]  # without a call, so that no interrupt comes between
                del self._idle[-1:]
            taken[0] = connection = taken[0] or self._open()
            yield connection
        except sqlite3.OperationalError as error:
            raise Unavailable(f"is not available: {error}") from error
        finally:
            with self._returned:
                self._idle += taken
                self._returned.notify()

    def _open(self) -> sqlite3.Connection:
        # isolation_level None leaves BEGIN and COMMIT to us.
        opened = sqlite3.connect(
            self._path, timeout=self._busy, isolation_level=None, check_same_thread=False
        )
        self._all.append(opened)
        opened.execute("PRAGMA synchronous = NORMAL")
        return opened

    def transact(self, work: Callable[[Run], T], *, write: bool = False) -> T:
        """Run `work`; a write takes the lock at once, so that it waits at its start only."""
        with self._connection() as connection:

            def run(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
                return connection.execute(sql, values).fetchall()

            if not write:
                return work(run)
            try:
                connection.execute("BEGIN IMMEDIATE")
                result = work(run)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()  # a COMMIT can fail, too: a full disk, a deferred constraint
                raise
            return result

    def close(self) -> None:
        """Close all connections; none may be in use."""
        for connection in self._all:
            connection.close()
