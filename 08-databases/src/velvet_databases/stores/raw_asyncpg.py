"""The floor of asynchronous PostgreSQL: asyncpg, which speaks the binary protocol by itself.

Every statement is prepared on its first use and kept in the connection's cache, which is why
asyncpg behind a pool that changes servers between statements needs `statement_cache_size=0`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from itertools import chain
from typing import Any, ClassVar

import asyncpg  # type: ignore[import-untyped]

from velvet_databases.domain import COLUMNS, DDL, DROP, Dataset, Order, OrderLine, rows
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import base
from velvet_databases.stores.address import CONNECT_SECONDS, Address, read_address
from velvet_databases.stores.base import Loading, StoreError, TransferHow
from velvet_databases.stores.failures import connecting, refuse_infinities, translated
from velvet_databases.stores.floor import Held, Sql, from_join, head, with_lines


class RawAsyncpg:
    """asyncpg; used by one task at a time, on the loop that opened it."""

    name: ClassVar[str] = "asyncpg"
    backends: ClassVar[frozenset[str]] = frozenset({"postgresql"})
    backend = "postgresql"
    sql = Sql(lambda number: f"${number}")

    _address: Address

    def __init__(self) -> None:
        self._connection: Any = None

    @property
    def connection(self) -> Any:
        """asyncpg's connection; raises `StoreUnavailable` where there is none."""
        if self._connection is None:
            raise base.not_open(self.name)
        return self._connection

    async def open(self, url: str) -> None:
        self._address = read_address(url, self.backends)
        self._connection = await self._connect()

    async def _connect(self) -> Any:
        with connecting(self._address):
            return await asyncpg.connect(self._address.for_asyncpg, timeout=CONNECT_SECONDS)

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()

    @asynccontextmanager
    async def _call(self, data: Dataset | None = None) -> AsyncIterator[Any]:
        """Lend the connection for one call, a new one where the last call lost it.

        A call that is cancelled leaves an answer half read or a transaction half ended, so its
        connection is ended with it.

        Raises:
            StoreUnavailable: the connection was lost during the call.
        """
        if self.connection.is_closed():
            self._connection = await self._connect()
        connection = self._connection
        try:
            with translated(self.backend, data):
                yield connection
        except asyncio.CancelledError:
            connection.terminate()
            raise
        except StoreError:
            raise
        except Exception as error:
            if connection.is_closed():
                raise self._address.unavailable(error) from error
            raise

    async def create_schema(self) -> None:
        async with self._call() as connection:
            await connection.execute("; ".join(DDL[self.backend]))

    async def drop_schema(self) -> None:
        async with self._call() as connection:
            await connection.execute("; ".join(DROP))

    def bulk_methods(self) -> tuple[str, ...]:
        """Two: a pipelined statement a row, and binary COPY."""
        return ("executemany", "copy")

    async def insert_reference(self, data: Dataset) -> None:
        async with self._call(data) as connection, connection.transaction():
            for table, items in data.reference.items():
                await connection.executemany(self.sql.insert[table], rows(items))

    async def insert_orders(self, data: Dataset, method: str) -> int:
        base.check_method(method, self.bulk_methods())
        refuse_infinities(data)
        async with self._call(data) as connection, connection.transaction():
            for table, items in data.ordered.items():
                if method == "copy":
                    await connection.copy_records_to_table(
                        table, records=rows(items), columns=COLUMNS[table]
                    )
                else:
                    await connection.executemany(self.sql.insert[table], rows(items))
        return data.order_rows

    async def _lines(self, order_id: int) -> list[OrderLine]:
        found = await self.connection.fetch(self.sql.lines, order_id)
        return [OrderLine(*row) for row in found]

    async def get_order(self, order_id: int) -> Order:
        async with self._call() as connection:
            row = await connection.fetchrow(self.sql.order, order_id)
            if row is None:
                raise base.no_order(order_id)
            return with_lines([head(row)], await self._lines(order_id))[0]

    async def page(self, after_id: int, limit: int) -> list[Order]:
        async with self._call() as connection:
            return [head(row) for row in await connection.fetch(self.sql.page, after_id, limit)]

    async def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        async with self._call() as connection:
            if strategy is Loading.JOIN:
                return from_join(await connection.fetch(self.sql.join, limit))
            heads = await self.page(-(2**62), limit)
            if strategy is Loading.LAZY:
                each = [await self._lines(one.id) for one in heads]
                return with_lines(heads, chain.from_iterable(each))
            if not heads:
                return []
            statement = self.sql.lines_of(len(heads))
            found = await connection.fetch(statement, *(one.id for one in heads))
            return with_lines(heads, (OrderLine(*row) for row in found))

    async def stream_orders(self, batch: int = 1000) -> AsyncIterator[Order]:
        """Yield the heads of all orders through a cursor that stays in the server.

        The cursor needs a transaction, and so has a connection of its own: what is written between
        two rows on the store's connection is committed whatever becomes of the stream.
        """
        self.connection  # noqa: B018 - raises where the store is not open
        connection = await self._connect()
        try:
            async with connection.transaction(readonly=True):
                async for row in connection.cursor(self.sql.stream, prefetch=batch):
                    yield head(row)
        finally:
            await connection.close()

    async def _changes(self, statement: str, *values: object) -> bool:
        """Execute a statement and say whether it changed a row."""
        tag: str = await self.connection.execute(statement, *values)
        return not tag.endswith(" 0")  # "UPDATE 1": the server's own words

    async def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        async with self._call():
            changed = await self._changes(self.sql.set_status, status, order_id, expected_version)
        if not changed:
            now = (await self.get_order(order_id)).version
            raise base.stale_order(order_id, now, expected_version)

    async def balance(self, account_id: int) -> int:
        async with self._call():
            return (await self._account(self.sql.account, account_id)).balance_cents

    async def _account(self, statement: str, account_id: int) -> Held:
        row = await self.connection.fetchrow(statement, account_id)
        if row is None:
            raise base.no_account(account_id)
        return Held(*row)

    async def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = base.moves(source, target, cents)
        async with self._call() as connection, connection.transaction():
            if how is TransferHow.ATOMIC:
                await self._add(changes)
            else:
                await self._write_back(changes, how)

    async def _add(self, changes: list[tuple[int, int]]) -> None:
        for key, change in changes:
            if not await self._changes(self.sql.add, change, key, change):
                held = await self._account(self.sql.account, key)
                raise base.overdraft(key, held.balance_cents, -change)

    async def _write_back(self, changes: list[tuple[int, int]], how: TransferHow) -> None:
        locked = how is TransferHow.FOR_UPDATE
        statement = self.sql.account_locked if locked else self.sql.account
        found = {key: await self._account(statement, key) for key, _ in changes}
        balances = {key: one.balance_cents for key, one in found.items()}
        for key, balance in base.after(changes, balances):
            version = found[key].version
            if how is not TransferHow.VERSION:
                await self._changes(self.sql.put, balance, key)
            elif not await self._changes(self.sql.put_version, balance, key, version):
                raise base.stale_account(key, version)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.connection)
