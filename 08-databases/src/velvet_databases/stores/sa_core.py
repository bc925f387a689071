"""SQLAlchemy's engine, and its Core: statements built from tables, rows as tuples, no objects.

Plain `postgresql://` means psycopg2 in SQLAlchemy 2.0 and psycopg in 2.1, so the driver is always
spelled out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.engine import make_url

from velvet_databases.domain import Order, OrderLine, named
from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, PRAGMAS, Address
from velvet_databases.stores.base import Loading, no_order
from velvet_databases.stores.failures import reading
from velvet_databases.stores.floor import from_join, head, with_lines
from velvet_databases.stores.sa_models import Base
from velvet_databases.stores.shared import Relational

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
ASYNC_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
TABLES = Base.metadata.tables
ORDERS, LINES, ACCOUNT = TABLES["orders"], TABLES["order_line"], TABLES["account"]


def engine_at(address: Address, drivers: dict[str, str], create: Callable[..., Any]) -> Any:
    """Make an engine; each connection to SQLite begins with the pragmas of all stores."""
    driver = drivers[address.backend]
    if driver == "asyncpg":
        return create("postgresql+asyncpg://", async_creator=partial(_asyncpg, address))
    sqlite = address.backend == "sqlite"
    bound = {"timeout": BUSY_SECONDS} if sqlite else {"connect_timeout": CONNECT_SECONDS}
    engine = create(make_url(address.with_driver(driver)), connect_args=bound)
    if sqlite:
        sa.event.listen(getattr(engine, "sync_engine", engine), "connect", _begin)
    return engine


async def _asyncpg(address: Address) -> Any:
    # SQLAlchemy makes keywords of an address's settings, which asyncpg refuses; its own reader
    # takes them as libpq does.
    import asyncpg  # type: ignore[import-untyped]

    return await asyncpg.connect(address.for_asyncpg, timeout=CONNECT_SECONDS)


def _begin(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma, value in PRAGMAS.items():
        cursor.execute(f"PRAGMA {pragma} = {value}")
    cursor.close()


class SaStore(Relational):
    """A store over one engine; thread-safe, since every call takes a connection of its own."""

    @property
    def engine(self) -> Engine:
        """The engine; raises `StoreUnavailable` where there is none."""
        engine: Engine = self.opened
        return engine

    def _connect(self, address: Address) -> Engine:
        engine: Engine = engine_at(address, DRIVERS, sa.create_engine)
        return engine

    def _check(self) -> None:
        with self.engine.connect() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Close all pooled connections."""
        if self._opened is not None:
            self._opened.dispose()
            self._opened = None

    def _execute(self, session: Any, statement: str) -> None:
        session.execute(sa.text(statement))


class SaCore(SaStore):
    """SQLAlchemy Core; thread-safe, since every call takes a connection of its own."""

    name: ClassVar[str] = "sqlalchemy core"

    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - the driver begins before it writes
    ) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    def bulk_methods(self) -> tuple[str, ...]:
        """One: an `insert()` with a list, which the driver's `executemany` takes."""
        return ("insert",)

    def _insert(
        self, session: Any, table: str, items: Sequence[Any], method: str  # noqa: ARG002 - one way
    ) -> None:
        session.execute(insert(TABLES[table]), named(items))

    def _first(self, limit: int) -> sa.Select[Any]:
        return select(ORDERS).order_by(ORDERS.c.id).limit(limit)

    def _lines(self, connection: Connection, keys: list[int]) -> list[OrderLine]:
        wanted = LINES.c.order_id == keys[0] if len(keys) == 1 else LINES.c.order_id.in_(keys)
        statement = select(LINES).where(wanted).order_by(LINES.c.order_id, LINES.c.id)
        return [OrderLine(*row) for row in connection.execute(statement)]

    @reading
    def get_order(self, order_id: int) -> Order:
        with self.engine.connect() as connection:
            row = connection.execute(select(ORDERS).where(ORDERS.c.id == order_id)).one_or_none()
            if row is None:
                raise no_order(order_id)
            return with_lines([head(row)], self._lines(connection, [order_id]))[0]

    @reading
    def page(self, after_id: int, limit: int) -> list[Order]:
        with self.engine.connect() as connection:
            found = connection.execute(self._first(limit).where(ORDERS.c.id > after_id))
            return [head(row) for row in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        with self.engine.connect() as connection:
            if strategy is Loading.JOIN:
                some = self._first(limit).subquery()
                both = some.outerjoin(LINES, LINES.c.order_id == some.c.id)
                statement = select(some, LINES).select_from(both).order_by(some.c.id, LINES.c.id)
                return from_join(connection.execute(statement))
            heads = [head(row) for row in connection.execute(self._first(limit))]
            keys = [one.id for one in heads]
            if strategy is Loading.LAZY:
                found = [line for key in keys for line in self._lines(connection, [key])]
            else:
                found = self._lines(connection, keys) if keys else []
            return with_lines(heads, found)

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        with self.engine.connect() as connection:
            options = {"stream_results": True, "yield_per": batch}
            wanted = select(ORDERS).order_by(ORDERS.c.id)
            with connection.execute(wanted, execution_options=options) as found:
                yield from (head(row) for row in found)

    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        same = (ORDERS.c.id == order_id) & (ORDERS.c.version == expected_version)
        change = update(ORDERS).where(same).values(status=status, version=ORDERS.c.version + 1)
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount

    def balance(self, account_id: int) -> int:
        with self.engine.connect() as connection:
            return self._balance(connection, account_id)

    def _accounts(
        self, session: Any, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Any]:
        found = {}
        for key in keys:
            wanted = select(ACCOUNT).where(ACCOUNT.c.id == key)
            for row in session.execute(wanted.with_for_update() if locked else wanted):
                found[key] = row
        return found

    def _add(self, session: Any, account: int, change: int) -> int:
        cents = ACCOUNT.c.balance_cents
        change_of = sa.bindparam("change", change, type_=cents.type)
        account_of = sa.bindparam("account", account, type_=ACCOUNT.c.id.type)
        statement = (
            update(ACCOUNT)
            .where(ACCOUNT.c.id == account_of, cents + change_of >= 0)
            .values(balance_cents=cents + change_of, version=ACCOUNT.c.version + 1)
        )
        return int(session.execute(statement).rowcount)

    def _put(self, session: Any, account: Any, balance: int, *, checked: bool) -> int:
        statement = update(ACCOUNT).where(ACCOUNT.c.id == account.id)
        if checked:
            statement = statement.where(ACCOUNT.c.version == account.version)
        values = {"balance_cents": balance, "version": ACCOUNT.c.version + 1}
        return int(session.execute(statement.values(values)).rowcount)
