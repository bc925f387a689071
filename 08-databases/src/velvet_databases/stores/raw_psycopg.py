"""The floor on PostgreSQL: psycopg 3, and the six ways it has of inserting many rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import psycopg

from velvet_databases.domain import INT4, Order
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import ValueOutOfRange
from velvet_databases.stores.failures import connect
from velvet_databases.stores.floor import COLUMNS, Floor, Sql, head

# A statement takes at most 65,535 parameters; 1,000 rows of five columns are well below.
ROWS_A_STATEMENT = 1000
_streams = itertools.count(1)
TYPES = {
    "orders": ("int8", "int8", "text", "timestamp", "int4"),
    "order_line": ("int8", "int8", "int8", "int4", "int4"),
}


class RawPsycopg(Floor):
    """psycopg 3; used by one thread at a time."""

    name: ClassVar[str] = "psycopg"
    backends: ClassVar[frozenset[str]] = frozenset({"postgresql"})
    backend = "postgresql"
    sql = Sql(lambda _: "%s")

    def open(self, url: str) -> None:
        self._opened = connect(read_address(url, self.backends))

    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - all one to PostgreSQL
    ) -> AbstractContextManager[object]:
        transaction: AbstractContextManager[object] = self.connection.transaction()
        return transaction

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """Yield the heads of all orders through a cursor that stays in the server.

        The server keeps the result (WITH HOLD) and no transaction is open meanwhile: in one, what
        is written between two rows would be lost with it when the stream is abandoned.
        """
        name = f"velvet_orders_{next(_streams)}"
        with self.connection.cursor(name, withhold=True) as cursor:
            cursor.itersize = batch
            cursor.execute(self.sql.stream)
            for row in cursor:
                yield head(row)

    def bulk_methods(self) -> tuple[str, ...]:
        """From one statement a row to COPY."""
        return ("loop", "executemany", "values", "unnest", "copy", "copy_binary")

    def _insert(self, table: str, values: list[tuple[Any, ...]], method: str) -> None:
        with self.connection.cursor() as cursor:
            if method == "loop":
                for row in values:
                    cursor.execute(self.sql.insert[table].encode(), row)
            elif method == "executemany":
                cursor.executemany(self.sql.insert[table].encode(), values)
            elif method == "values":
                for at in range(0, len(values), ROWS_A_STATEMENT):
                    some = values[at : at + ROWS_A_STATEMENT]
                    text = self.sql.insert_many(table, len(some))
                    cursor.execute(text.encode(), [value for row in some for value in row])
            elif method == "unnest":
                arrays = ", ".join(f"%s::{kind}[]" for kind in TYPES[table])
                names = ", ".join(COLUMNS[table])
                text = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608
                cursor.execute(
                    text.encode(), [list(column) for column in zip(*values, strict=True)]
                )
            else:
                self._copy(cursor, table, values, binary=method == "copy_binary")

    def _copy(
        self,
        cursor: psycopg.Cursor[Any],
        table: str,
        values: list[tuple[Any, ...]],
        *,
        binary: bool,
    ) -> None:
        form = "WITH (FORMAT BINARY)" if binary else ""
        text = f"COPY {table} ({', '.join(COLUMNS[table])}) FROM STDIN {form}"
        with cursor.copy(text.encode()) as copy:
            if binary:
                # The server believes the bytes: an int4 has to be sent as four of them, and a
                # number that needs more is cut down to four without a word.
                copy.set_types(TYPES[table])
                _refuse_wrapping(table, values)
            for row in values:
                copy.write_row(row)


def _refuse_wrapping(table: str, values: list[tuple[Any, ...]]) -> None:
    for at, kind in enumerate(TYPES[table]):
        if kind != "int4":
            continue
        for row in values:
            if not -INT4 - 1 <= row[at] <= INT4:
                name = f"{table}.{COLUMNS[table][at]}"
                raise ValueOutOfRange(f"{name}: {row[at]} does not fit its 4 bytes", name)
