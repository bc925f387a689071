"""The floor on PostgreSQL: psycopg 3, and the six ways it has of inserting many rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import psycopg

from velvet_databases.domain import COLUMNS, INT4, Order, rows
from velvet_databases.stores.address import Address
from velvet_databases.stores.base import ValueOutOfRange
from velvet_databases.stores.failures import connect
from velvet_databases.stores.floor import Floor, Sql, head

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
    _reference_method: ClassVar[str] = "executemany"

    def _connect(self, address: Address) -> psycopg.Connection[Any]:
        return connect(address)

    @contextmanager
    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - all one to PostgreSQL
    ) -> Iterator[Any]:
        with self.connection.transaction():
            yield self.connection

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

    def _insert(self, session: Any, table: str, items: Sequence[Any], method: str) -> None:
        values, names = rows(items), ", ".join(COLUMNS[table])
        with session.cursor() as cursor:
            if method == "loop":
                for row in values:
                    cursor.execute(self.sql.insert[table], row)
            elif method == "executemany":
                cursor.executemany(self.sql.insert[table], values)
            elif method == "values":
                for at in range(0, len(values), ROWS_A_STATEMENT):
                    some = values[at : at + ROWS_A_STATEMENT]
                    text = self.sql.insert_many(table, len(some))
                    cursor.execute(text, [value for row in some for value in row])
            elif method == "unnest":
                arrays = ", ".join(f"%s::{kind}[]" for kind in TYPES[table])
                text = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608
                cursor.execute(text, [list(column) for column in zip(*values, strict=True)])
            else:
                form = "WITH (FORMAT BINARY)" if method == "copy_binary" else ""
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN {form}") as copy:
                    if form:
                        # The server believes the bytes: an int4 has to be sent as four of them,
                        # and a number that needs more is cut down to four without a word.
                        copy.set_types(TYPES[table])
                        _refuse_wrapping(table, values)
                    for row in values:
                        copy.write_row(row)


def _refuse_wrapping(table: str, values: list[tuple[Any, ...]]) -> None:
    for at, kind in enumerate(TYPES[table]):
        for row in values if kind == "int4" else ():
            if not -INT4 - 1 <= row[at] <= INT4:
                name = f"{table}.{COLUMNS[table][at]}"
                raise ValueOutOfRange(f"{name}: {row[at]} does not fit its 4 bytes", name)
