"""SQLAlchemy's ORM: a session collects changes, knows each row once, and loads as it is told.

The asynchronous store sends the same statements over aiosqlite or asyncpg. A lazy attribute cannot
wait, so touching one that was not loaded is an error there; the lazy way is spelled
`await order.awaitable_attrs.lines`. What it writes is what the synchronous store does with a
session, run by `run_sync`, where statements wait by themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.orm.interfaces import ORMOption

from velvet_databases import domain
from velvet_databases.domain import DDL, DROP, Dataset, named
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import base
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import Loading, StaleWrite, TransferHow, no_order, plain
from velvet_databases.stores.failures import connecting, reading, refuse_infinities, translated
from velvet_databases.stores.sa_core import ASYNC_DRIVERS, SaStore, engine_at
from velvet_databases.stores.sa_models import Account, Base, Order

MODELS: dict[str, type[Base]] = {one.__tablename__: one for one in Base.__subclasses__()}


def option(strategy: Loading) -> list[ORMOption]:
    """Return the loader option of a strategy; lazy loading is what a relation does by itself."""
    options: dict[Loading, ORMOption] = {
        Loading.JOIN: joinedload(Order.lines),
        Loading.SELECT_IN: selectinload(Order.lines),
    }
    return [options[strategy]] if strategy in options else []


def first_orders(limit: int, after_id: int | None = None) -> Select[Any]:
    """Return the statement of the orders with the smallest keys, or of those that follow a key."""
    statement = select(Order).order_by(Order.id).limit(limit)
    return statement if after_id is None else statement.where(Order.id > after_id)


def change_status(session: Session, order_id: int, status: str, expected_version: int) -> None:
    """Change an order that is still at that version: the mapper's own version counter."""
    order = session.get(Order, order_id)
    if order is None:
        raise no_order(order_id)
    if order.version != expected_version:
        raise base.stale_order(order_id, order.version, expected_version)
    order.status, order.version = status, expected_version + 1
    try:
        session.flush()
    except StaleDataError as error:
        raise StaleWrite(f"order {order_id} was changed meanwhile") from error


class SaOrm(SaStore):
    """SQLAlchemy's ORM; thread-safe, since every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy orm"

    @contextmanager
    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - the driver begins before it writes
    ) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def bulk_methods(self) -> tuple[str, ...]:
        """A flush after each object, one flush for all, and an insert without objects."""
        return ("flush_each", "add_all", "insert_list")

    def _insert(self, session: Any, table: str, items: Sequence[Any], method: str) -> None:
        model = MODELS[table]
        if method == "insert_list":
            session.execute(insert(model), named(items))
        elif method == "add_all":
            session.add_all(model(**values) for values in named(items))
        else:
            for values in named(items):
                session.add(model(**values))
                session.flush()

    @reading
    def get_order(self, order_id: int) -> domain.Order:
        with Session(self.engine) as session:
            order = session.get(Order, order_id, options=[selectinload(Order.lines)])
            if order is None:
                raise no_order(order_id)
            return plain(order, order.lines)

    @reading
    def page(self, after_id: int, limit: int) -> list[domain.Order]:
        with Session(self.engine) as session:
            return [plain(order) for order in session.scalars(first_orders(limit, after_id))]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        wanted = first_orders(limit).options(*option(strategy))
        with Session(self.engine) as session:
            return [plain(order, order.lines) for order in session.scalars(wanted).unique()]

    def stream_orders(self, batch: int = 1000) -> Iterator[domain.Order]:
        with Session(self.engine) as session:
            wanted = select(Order).order_by(Order.id).execution_options(yield_per=batch)
            with session.scalars(wanted) as found:
                yield from (plain(order) for order in found)

    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        with self._transaction() as session:
            change_status(session, order_id, status, expected_version)
        return 1

    def balance(self, account_id: int) -> int:
        with Session(self.engine) as session:
            return self._balance(session, account_id)

    def _accounts(
        self, session: Any, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Account]:
        wanted = select(Account).where(Account.id.in_(keys)).order_by(Account.id)
        found = session.scalars(wanted.with_for_update() if locked else wanted)
        return {account.id: account for account in found}

    def _add(self, session: Any, account: int, change: int) -> int:
        cents = Account.balance_cents
        statement = (
            update(Account)
            .where(Account.id == account, cents + change >= 0)
            .values(balance_cents=cents + change, version=Account.version + 1)
            .execution_options(synchronize_session=False)
        )
        return int(session.execute(statement).rowcount)

    def _put(self, session: Any, account: Account, balance: int, *, checked: bool) -> int:
        if not checked:
            account.balance_cents, account.version = balance, account.version + 1
            return 1
        statement = (
            update(Account)
            .where(Account.id == account.id, Account.version == account.version)
            .values(balance_cents=balance, version=Account.version + 1)
            .execution_options(synchronize_session=False)
        )
        return int(session.execute(statement).rowcount)


class SaAsync:
    """SQLAlchemy's asynchronous ORM; task-safe on one loop: every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy async"
    backends: ClassVar[frozenset[str]] = SaOrm.backends
    backend = ""
    _engine: AsyncEngine | None = None
    _orm = SaOrm()  # never opened: its methods are given a session

    @property
    def engine(self) -> AsyncEngine:
        """The engine; raises `StoreUnavailable` where there is none."""
        if self._engine is None:
            raise base.not_open(self.name)
        return self._engine

    def _session(self) -> AsyncSession:
        # What was committed is not read again: an expired attribute could not wait for it.
        return AsyncSession(self.engine, expire_on_commit=False)

    async def _run(self, work: Callable[..., Any], *args: Any, data: Dataset | None = None) -> Any:
        """Run what works on a session in one transaction."""
        with translated(self.backend, data):
            async with self._session() as session, session.begin():
                return await session.run_sync(work, *args)

    async def open(self, url: str) -> None:
        """Connect once, to see that it works."""
        address = read_address(url, self.backends)
        with connecting(address):
            # aiosqlite's thread would report the failure when it is too late to hear of it.
            address.check_folder()
            engine: AsyncEngine = engine_at(address, ASYNC_DRIVERS, create_async_engine)
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

    async def create_schema(self) -> None:
        await self._run(self._orm._execute_each, DDL[self.backend])

    async def drop_schema(self) -> None:
        await self._run(self._orm._execute_each, DROP)

    async def insert_reference(self, data: Dataset) -> None:
        await self._run(self._orm._insert_each, data.reference, "insert_list", data=data)

    def bulk_methods(self) -> tuple[str, ...]:
        """One: an insert without objects."""
        return ("insert_list",)

    async def insert_orders(self, data: Dataset, method: str) -> int:
        base.check_method(method, self.bulk_methods())
        if self.backend == "postgresql":
            refuse_infinities(data)
        await self._run(self._orm._insert_each, data.ordered, method, data=data)
        return data.order_rows

    @reading
    async def get_order(self, order_id: int) -> domain.Order:
        async with self._session() as session:
            order = await session.get(Order, order_id, options=[selectinload(Order.lines)])
            if order is None:
                raise no_order(order_id)
            return plain(order, order.lines)

    @reading
    async def page(self, after_id: int, limit: int) -> list[domain.Order]:
        async with self._session() as session:
            found = await session.scalars(first_orders(limit, after_id))
            return [plain(order) for order in found]

    @reading
    async def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        wanted = first_orders(limit).options(*option(strategy))
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
        await self._run(change_status, order_id, status, expected_version)

    async def balance(self, account_id: int) -> int:
        return int(await self._run(self._orm._balance, account_id))

    async def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = base.moves(source, target, cents, how, self.backend)
        await self._run(self._orm._move, changes, how)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.engine)
