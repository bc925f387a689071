"""Tasks in SQLite: pages of a million rows, small writes, and an import that is whole or absent.

A page is found from the nearest known key before it instead of by a long OFFSET, so that scrolling
costs the same at row one million as at row one. A number is never used twice, because an undone
step may bring its task back after an import. Writes wait a fifth of a second for a lock and
then say `StoreBusy`; a window must not wait longer. Imported rows carry the number of their
import; rows of an import that never finished are removed when the board is opened again.
"""

# ruff: noqa: S608 - the parts of a statement are names of this file, values are bound
from __future__ import annotations

import bisect
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from velvet_desktop.errors import ImportRemoved, InvalidTask, NoBoard, StoreBusy, StoreFull

STATUSES = ("todo", "doing", "done")
SORTS = ("id", "title", "priority")
MAX_TITLE = 10_000
MAX_ESTIMATE = 100_000
BUSY_S = 0.2
BATCH = 5_000  # rows a transaction of an import; the window writes between two
_SCHEMA = """
create table if not exists task (
  id integer primary key autoincrement, title text not null, status text not null,
  priority integer not null, estimate real not null, source integer not null default 0);
create index if not exists by_status on task (status, id);
create index if not exists by_priority on task (priority, id);
create index if not exists by_title on task (title, id);
create table if not exists import (id integer primary key, finished integer not null);
"""


@dataclass(frozen=True)
class Task:
    """A card of the board; `id` 0 means that it is not stored yet."""

    id: int
    title: str
    status: str = "todo"
    priority: int = 2
    estimate: float = 1.0

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidTask("a task needs a title: type at least one letter")
        if len(self.title) > MAX_TITLE:
            raise InvalidTask(f"a title: at most {MAX_TITLE:,} characters, not {len(self.title):,}")
        if self.status not in STATUSES:
            raise InvalidTask(f"status is {self.status!r}: choose one of {', '.join(STATUSES)}")
        if self.priority not in (1, 2, 3):
            raise InvalidTask(f"priority is {self.priority}: choose 1, 2 or 3")
        if not 0 <= self.estimate <= MAX_ESTIMATE:  # nor is NaN
            raise InvalidTask(f"estimate is {self.estimate}: choose 0 to {MAX_ESTIMATE:,}")
        if re.search("[\ud800-\udfff]", self.title):
            raise InvalidTask("a title holds half a character: type it again")


@dataclass(frozen=True)
class Query:
    """What a table shows."""

    text: str = ""
    sort: str = "id"

    def where(self) -> tuple[str, tuple[str, ...]]:
        """Return the condition and its values; the text is literal, % and _ included."""
        if not self.text:
            return "1", ()
        if len(self.text) > MAX_TITLE or re.search("[\ud800-\udfff\0]", self.text):
            return "0", ()  # no title can hold it, and SQLite would not take it
        literal = re.sub(r"([\\%_])", r"\\\1", self.text)
        return r"title like ? escape '\'", (f"%{literal}%",)


class TaskStore:
    """The board's file; readable from any thread, written by any, one at a time."""

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._reader, self._writer = self._open(), self._open()
        self._anchors: dict[Query, list[tuple[int, tuple[object, int]]]] = {}
        with self._writing, self._busy():
            self._writer.executescript(_SCHEMA)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            with self._busy():
                database.execute("pragma journal_mode = wal")
                database.execute("pragma synchronous = normal")
        except sqlite3.DatabaseError as error:
            database.close()
            raise NoBoard(self.path, error) from None
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def _busy(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise StoreBusy from None
            if "full" in str(error) or "readonly" in str(error):
                raise StoreFull(str(error)) from None
            raise

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing, self._busy():
            try:  # before "begin": Ctrl-C may come as soon as it has returned
                self._writer.execute("begin immediate")
                yield self._writer
                self._writer.execute("commit")
            except BaseException:  # a commit on a full disk, too
                self._writer.rollback()
                raise

    def count(self, query: Query = Query()) -> int:
        """Return how many tasks a query has."""
        where, values = query.where()
        with self._reading:
            sql = f"select count(*) from task where {where}"
            return int(self._reader.execute(sql, values).fetchone()[0])

    def counts(self) -> dict[str, int]:
        """Return the number of tasks in each column of the board."""
        with self._reading:
            rows = self._reader.execute("select status, count(*) from task group by status")
            return dict.fromkeys(STATUSES, 0) | dict(rows)

    def cards(self, status: str, limit: int) -> list[Task]:
        """Return the newest cards of a column."""
        sql = "select id, title, status, priority, estimate from task where status = ?"
        with self._reading:
            rows = self._reader.execute(f"{sql} order by id desc limit ?", (status, limit))
            return [Task(*row) for row in rows]

    def page(self, query: Query, start: int, stop: int) -> list[Task]:
        """Return rows `start` to `stop` of a query, O(stop - start) when scrolled to in order."""
        if query.sort not in SORTS:
            raise ValueError(f"sort is {query.sort!r}: choose one of {', '.join(SORTS)}")
        where, values = query.where()
        columns = "id" if query.sort == "id" else f"{query.sort}, id"
        with self._reading:
            anchors = self._anchors.setdefault(query, [])
            place = bisect.bisect_right([row for row, _ in anchors], start) - 1
            skip, given = start, list[object](values)
            if place >= 0:
                row, (first, last) = anchors[place]
                skip = start - row
                where += f" and ({columns}) >= ({'?' if query.sort == 'id' else '?, ?'})"
                given += [last] if query.sort == "id" else [first, last]
            found = f"from task where {where} order by {columns} limit ? offset ?"
            sql = (
                "select id, title, status, priority, estimate from task "
                f"where id in (select id {found}) order by {columns}"
            )
            rows = self._reader.execute(sql, (*given, stop - start, skip)).fetchall()
            if rows and (place < 0 or anchors[place][0] != start):
                first = "" if query.sort == "id" else _key(rows[0], query.sort)
                anchors.insert(place + 1, (start, (first, rows[0][0])))
        return [Task(*row) for row in rows]

    def put(self, task: Task) -> Task:
        """Store a task, new or changed; returns it with its id."""
        with self._transaction() as database:
            row = (task.id or None, task.title, task.status, task.priority, task.estimate)
            cursor = database.execute(
                "insert or replace into task (id, title, status, priority, estimate) "
                "values (?, ?, ?, ?, ?)",
                row,
            )
        self.forget()
        return replace(task, id=int(cursor.lastrowid or task.id))

    def get(self, number: int) -> Task | None:
        """Return one task."""
        sql = "select id, title, status, priority, estimate from task where id = ?"
        with self._reading:
            row = self._reader.execute(sql, (number,)).fetchone()
        return Task(*row) if row else None

    def remove(self, number: int) -> None:
        """Delete a task; one that is not there is no error."""
        with self._transaction() as database:
            database.execute("delete from task where id = ?", (number,))
        self.forget()

    def forget(self) -> None:
        """Forget the known keys: rows have moved."""
        with self._reading:
            self._anchors.clear()

    def begin_import(self) -> int:
        """Note that an import begins; returns its number."""
        with self._transaction() as database:
            return int(database.execute("insert into import (finished) values (0)").lastrowid or 0)

    def add_rows(self, source: int, rows: Iterable[Task]) -> None:
        """Add one batch of an import.

        Raises:
            ImportRemoved: another window has opened the board and removed what was unfinished.
        """
        values = [(one.title, one.status, one.priority, one.estimate, source) for one in rows]
        with self._transaction() as database:
            sql = "select 1 from import where id = ? and finished = 0"
            if database.execute(sql, (source,)).fetchone() is None:
                raise ImportRemoved
            database.executemany(
                "insert into task (title, status, priority, estimate, source) values (?, ?, ?, ?, ?)",
                values,
            )

    def finish_import(self, source: int) -> None:
        """Note that an import is whole; raises `ImportRemoved` as `add_rows` does."""
        with self._transaction() as database:
            sql = "update import set finished = 1 where id = ? and finished = 0"
            if database.execute(sql, (source,)).rowcount == 0:
                raise ImportRemoved

    def recover(self) -> int:
        """Remove the rows of imports that never finished; returns how many."""
        with self._transaction() as database:
            unfinished = "select id from import where finished = 0"
            removed = database.execute(f"delete from task where source in ({unfinished})").rowcount
            database.execute("update import set finished = -1 where finished = 0")
        self.forget()
        return removed

    def close(self) -> None:
        """Close the file."""
        with self._reading, self._writing:
            self._reader.close()
            self._writer.close()


def _key(row: tuple[object, ...], sort: str) -> object:
    return row[1] if sort == "title" else row[3]


def seed(store: TaskStore, count: int) -> None:
    """Fill a board with `count` tasks, always the same; a million takes seconds."""
    if not count >= 0:  # SQLite takes a limit below 0 for none
        raise ValueError(f"count is {count}: at least 0 tasks")
    verbs, things = ("write", "test", "ship", "paint", "plan"), ("form", "table", "chart", "tray")

    def pick(words: tuple[str, ...], shift: int) -> str:
        cases = " ".join(f"when {place} then '{word}'" for place, word in enumerate(words))
        return f"case ((row * 2654435761) >> {shift}) % {len(words)} {cases} end"

    title = f"{pick(verbs, 8)} || ' the ' || {pick(things, 16)} || ' ' || row"
    with store._transaction() as database:
        database.execute(
            "with recursive numbers(row) as (select 0 union all select row + 1 from numbers "
            "limit ?) insert into task (title, status, priority, estimate) "
            f"select {title}, {pick(STATUSES, 12)}, 1 + row % 3, 1.0 + row % 8 from numbers",
            (count,),
        )
    store.forget()
