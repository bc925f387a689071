"""SQLAlchemy's ORM with `await`: the same statements over aiosqlite or asyncpg.

A lazy attribute cannot wait, so touching one that was not loaded is an error here; the lazy way is
spelled `await order.awaitable_attrs.lines`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import ClassVar

from sqlalchemy import insert, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from velvet_databases import domain
from velvet_databases.domain import DDL, DROP, Dataset
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import sa_statements as statements
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import (
    Cap,
    LazyLoadRefused,
    Loading,
    NotFound,
    StaleWrite,
    TransferHow,
    Unsupported,
    check_method,
    not_open,
)
from velvet_databases.stores.failures import (
    connecting,
    reading_later,
    refuse_infinities,
    translated,
)
from velvet_databases.stores.sa_engine import (
    ASYNC_DRIVERS,
    BACKENDS,
    engine_arguments,
    set_up_sqlite,
)
from velvet_databases.stores.sa_models import Account, Order, OrderLine
from velvet_databases.stores.sa_statements import order_dicts
from velvet_databases.stores.transfers import moves, overdraft


async def add(session: AsyncSession, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft` or `NotFound`."""
    for key, change in changes:
        done = await session.execute(statements.add(key, change))
        if not getattr(done, "rowcount", 0):
            account = statements.checked(await session.get(Account, key), key)
            raise overdraft(key, account.balance_cents, -change)


async def write_back(
    session: AsyncSession, changes: list[tuple[int, int]], how: TransferHow
) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    rows = await session.scalars(statements.both(changes, how))
    found = {one.id: one for one in rows}
    for account, balance in statements.new_balances(changes, found):
        if how is not TransferHow.VERSION:
            account.balance_cents, account.version = balance, account.version + 1
            continue
        done = await session.execute(statements.put(account, balance))
        if not getattr(done, "rowcount", 0):
            raise statements.stale_account(account)


class SaAsync:
    """SQLAlchemy's asynchronous ORM; task-safe on one loop: every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy async"
    backends: ClassVar[frozenset[str]] = BACKENDS
    capabilities = frozenset(
        {Cap.ORM, Cap.ASYNC, Cap.UNIT_OF_WORK, Cap.IDENTITY_MAP, Cap.SERVER_CURSOR}
    )

    def __init__(self) -> None:
        self.backend = ""
        self._engine: AsyncEngine | None = None

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
        where, options = engine_arguments(address, ASYNC_DRIVERS)
        with connecting(address):
            # aiosqlite's thread would report the failure when it is too late to hear of it.
            address.check_folder()
            engine = create_async_engine(where, **options)
            set_up_sqlite(engine.sync_engine, address)
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
        """Make the tables."""
        await self._each(DDL[self.backend])

    async def drop_schema(self) -> None:
        """Remove the tables, if they are there."""
        await self._each(DROP)

    async def insert_reference(self, data: Dataset) -> None:
        """Insert customers, products and accounts."""
        with translated(self.backend, data):
            async with self._session() as session, session.begin():
                for statement, values in statements.reference(data):
                    await session.execute(statement, values)

    def bulk_methods(self) -> tuple[str, ...]:
        """One flush for all objects, and an insert without objects."""
        return ("add_all", "insert_list")

    async def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines; return the number of rows."""
        check_method(method, self.bulk_methods())
        if self.backend == "postgresql":
            refuse_infinities(data)
        with translated(self.backend, data):
            async with self._session() as session, session.begin():
                if method == "add_all":
                    session.add_all([*statements.heads(data), *statements.lines(data)])
                else:
                    if data.orders:
                        await session.execute(insert(Order), order_dicts(data))
                    if found := [dict(vars(line)) for line in data.lines]:
                        await session.execute(insert(OrderLine), found)
        return data.order_rows

    @reading_later
    async def get_order(self, order_id: int) -> domain.Order:
        """Return one order with its lines; raises `NotFound`."""
        async with self._session() as session:
            order = await session.get(Order, order_id, options=[selectinload(Order.lines)])
            if order is None:
                raise NotFound(f"there is no order {order_id}")
            return statements.plain(order, order.lines)

    @reading_later
    async def page(self, after_id: int, limit: int) -> list[domain.Order]:
        """Return the heads of the next orders by key."""
        async with self._session() as session:
            found = await session.scalars(statements.first_orders(limit, after_id))
            return [statements.plain(order) for order in found]

    @reading_later
    async def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        """Return the first orders with their lines."""
        options = statements.option(strategy, Order.lines)
        async with self._session() as session:
            wanted = statements.first_orders(limit).options(*options)
            orders = (await session.scalars(wanted)).unique().all()
            if strategy is Loading.LAZY:
                return [
                    statements.plain(order, await order.awaitable_attrs.lines) for order in orders
                ]
            try:
                return [statements.plain(order, order.lines) for order in orders]
            except InvalidRequestError as error:
                if strategy is not Loading.RAISE:
                    raise
                raise LazyLoadRefused(str(error)) from error

    async def stream_orders(self, batch: int = 1000) -> AsyncIterator[domain.Order]:
        """Yield the heads of all orders through a cursor that stays in the server."""
        async with self._session() as session:
            wanted = select(Order).order_by(Order.id).execution_options(yield_per=batch)
            found = await session.stream_scalars(wanted)
            try:
                async for order in found:
                    yield statements.plain(order)
            finally:
                await found.close()

    async def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: the mapper's own version counter."""
        try:
            with translated(self.backend):
                async with self._session() as session, session.begin():
                    order = await session.get(Order, order_id)
                    if order is None:
                        raise NotFound(f"there is no order {order_id}")
                    if order.version != expected_version:
                        now = order.version
                        raise StaleWrite(
                            f"order {order_id} is at version {now}, expected {expected_version}"
                        )
                    order.status, order.version = status, expected_version + 1
        except StaleDataError as error:
            raise StaleWrite(f"order {order_id} was changed meanwhile") from error

    async def balance(self, account_id: int) -> int:
        """Return the cents of an account; raises `NotFound`."""
        async with self._session() as session:
            account = await session.get(Account, account_id)
            return statements.checked(account, account_id).balance_cents

    async def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money in one transaction."""
        changes = moves(source, target, cents)
        if how is TransferHow.FOR_UPDATE and self.backend == "sqlite":
            raise Unsupported("SQLite locks the whole file, never a row: it has no FOR UPDATE")
        with translated(self.backend):
            async with self._session() as session, session.begin():
                if how is TransferHow.ATOMIC:
                    await add(session, changes)
                else:
                    await write_back(session, changes, how)

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Record what is sent to the database while the context is open."""
        return capture(self.engine)
