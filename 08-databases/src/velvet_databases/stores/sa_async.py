"""SQLAlchemy's ORM with `await`: the same statements over aiosqlite or asyncpg.

A lazy attribute cannot wait, so touching one that was not loaded is an error here; the lazy way is
spelled `await order.awaitable_attrs.lines`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import ClassVar

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from velvet_databases import domain
from velvet_databases.domain import DDL, DROP, Dataset
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import sa_engine as statements
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import (
    Loading,
    StaleWrite,
    TransferHow,
    check_method,
    moves,
    no_order,
    not_open,
    overdraft,
    plain,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import (
    connecting,
    reading_later,
    refuse_infinities,
    translated,
)
from velvet_databases.stores.sa_models import Account, Order


class SaAsync:
    """SQLAlchemy's asynchronous ORM; task-safe on one loop: every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy async"
    backends: ClassVar[frozenset[str]] = statements.BACKENDS
    backend = ""
    _engine: AsyncEngine | None = None

    @property
    def engine(self) -> AsyncEngine:
        """The engine; raises `StoreUnavailable` where there is none."""
        if self._engine is None:
            raise not_open(self.name)
        return self._engine

    def _session(self) -> AsyncSession:
        # What was committed is not read again: an expired attribute could not wait for it.
        return AsyncSession(self.engine, expire_on_commit=False)

    async def open(self, url: str) -> None:
        """Connect once, to see that it works."""
        address = read_address(url, self.backends)
        where, options = statements.engine_arguments(address, statements.ASYNC_DRIVERS)
        with connecting(address):
            # aiosqlite's thread would report the failure when it is too late to hear of it.
            address.check_folder()
            engine = create_async_engine(where, **options)
            statements.set_up_sqlite(engine.sync_engine, address)
            try:
                async with engine.connect() as connection:
                    await connection.execute(select(1))
            except BaseException:
                await engine.dispose()
                raise
        self._engine, self.backend = engine, address.backend

    async def close(self) -> None:
        """Close all pooled connections."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.dispose()

    async def _each(self, texts: list[str]) -> None:
        async with self.engine.begin() as connection:
            for statement in texts:
                await connection.execute(text(statement))

    async def create_schema(self) -> None:
        await self._each(DDL[self.backend])

    async def drop_schema(self) -> None:
        await self._each(DROP)

    async def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data):
            async with self._session() as session, session.begin():
                for statement, values in statements.reference(data):
                    await session.execute(statement, values)

    def bulk_methods(self) -> tuple[str, ...]:
        """One: an insert without objects."""
        return ("insert_list",)

    async def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        if self.backend == "postgresql":
            refuse_infinities(data)
        with translated(self.backend, data):
            async with self._session() as session, session.begin():
                for statement, values in statements.inserts(data):
                    await session.execute(statement, values)
        return data.order_rows

    @reading_later
    async def get_order(self, order_id: int) -> domain.Order:
        async with self._session() as session:
            order = await session.get(Order, order_id, options=[selectinload(Order.lines)])
            if order is None:
                raise no_order(order_id)
            return plain(order, order.lines)

    @reading_later
    async def page(self, after_id: int, limit: int) -> list[domain.Order]:
        async with self._session() as session:
            found = await session.scalars(statements.first_orders(limit, after_id))
            return [plain(order) for order in found]

    @reading_later
    async def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        wanted = statements.first_orders(limit).options(*statements.option(strategy))
        async with self._session() as session:
            orders = (await session.scalars(wanted)).unique().all()
            if strategy is Loading.LAZY:
                return [plain(order, await order.awaitable_attrs.lines) for order in orders]
            return [plain(order, order.lines) for order in orders]

    async def stream_orders(self, batch: int = 1000) -> AsyncIterator[domain.Order]:
        async with self._session() as session:
            wanted = select(Order).order_by(Order.id).execution_options(yield_per=batch)
            found = await session.stream_scalars(wanted)
            try:
                async for order in found:
                    yield plain(order)
            finally:
                await found.close()

    async def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: the mapper's own version counter."""
        try:
            with translated(self.backend):
                async with self._session() as session, session.begin():
                    order = await session.get(Order, order_id)
                    if order is None:
                        raise no_order(order_id)
                    if order.version != expected_version:
                        raise stale_order(order_id, order.version, expected_version)
                    order.status, order.version = status, expected_version + 1
        except StaleDataError as error:
            raise StaleWrite(f"order {order_id} was changed meanwhile") from error

    async def balance(self, account_id: int) -> int:
        async with self._session() as session:
            account = await session.get(Account, account_id)
            return statements.checked(account, account_id).balance_cents

    async def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
        with translated(self.backend):
            async with self._session() as session, session.begin():
                if how is TransferHow.ATOMIC:
                    await self._add(session, changes)
                else:
                    await self._write_back(session, changes, how)

    async def _add(self, session: AsyncSession, changes: list[tuple[int, int]]) -> None:
        for key, change in changes:
            done = await session.execute(statements.add(key, change))
            if not getattr(done, "rowcount", 0):
                account = statements.checked(await session.get(Account, key), key)
                raise overdraft(key, account.balance_cents, -change)

    async def _write_back(
        self, session: AsyncSession, changes: list[tuple[int, int]], how: TransferHow
    ) -> None:
        rows = await session.scalars(statements.both(changes, how))
        found = {one.id: one for one in rows}
        for account, balance in statements.new_balances(changes, found):
            if how is not TransferHow.VERSION:
                account.balance_cents, account.version = balance, account.version + 1
                continue
            done = await session.execute(statements.put(account, balance))
            if not getattr(done, "rowcount", 0):
                raise stale_account(account.id, account.version)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.engine)
