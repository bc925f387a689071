"""What SQLAlchemy's stores share: how they connect, and the statements of its two ORM stores.

Plain `postgresql://` means psycopg2 in SQLAlchemy 2.0 and psycopg in 2.1, so the driver is always
spelled out. A statement is the same object whether it is awaited or not.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import Engine, Select, Update, create_engine, event, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from velvet_databases.domain import DDL, DROP, Dataset, named
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores.address import (
    BUSY_SECONDS,
    CONNECT_SECONDS,
    PRAGMAS,
    Address,
    read_address,
)
from velvet_databases.stores.base import Loading, Opened, TransferHow, after, no_account
from velvet_databases.stores.failures import connecting
from velvet_databases.stores.sa_models import Account, Base, Customer, Order, OrderLine, Product

BACKENDS = frozenset({"sqlite", "postgresql"})
DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
ASYNC_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
_TIMEOUTS = {
    "pysqlite": {"timeout": BUSY_SECONDS},
    "aiosqlite": {"timeout": BUSY_SECONDS},
    "psycopg": {"connect_timeout": CONNECT_SECONDS},
}
MODELS: dict[str, type[Base]] = {"customer": Customer, "product": Product, "account": Account}


def engine_arguments(address: Address, drivers: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    """Return the address and the options that `create_engine` takes."""
    driver = drivers[address.backend]
    if driver == "asyncpg":
        return "postgresql+asyncpg://", {"async_creator": partial(_asyncpg, address)}
    return make_url(address.with_driver(driver)), {"connect_args": _TIMEOUTS[driver]}


async def _asyncpg(address: Address) -> Any:
    # SQLAlchemy makes keywords of an address's settings, which asyncpg refuses; its own reader
    # takes them as libpq does.
    import asyncpg  # type: ignore[import-untyped]

    return await asyncpg.connect(address.for_asyncpg, timeout=CONNECT_SECONDS)


def set_up_sqlite(engine: Engine, address: Address) -> None:
    """Let every new connection to SQLite begin with the pragmas of all stores."""
    if address.backend != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def begin(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {pragma} = {value}")
        cursor.close()


class SaStore(Opened):
    """A store over one engine; thread-safe, since every call takes a connection of its own."""

    backends: ClassVar[frozenset[str]] = BACKENDS
    backend = ""

    @property
    def engine(self) -> Engine:
        """The engine; raises `StoreUnavailable` where there is none."""
        engine: Engine = self.opened
        return engine

    def open(self, url: str) -> None:
        """Connect once, to see that it works."""
        address = read_address(url, self.backends)
        where, options = engine_arguments(address, DRIVERS)
        with connecting(address):
            engine = create_engine(where, **options)
            set_up_sqlite(engine, address)
            try:
                with engine.connect() as connection:
                    connection.execute(select(1))
            except BaseException:
                engine.dispose()
                raise
        self._opened, self.backend = engine, address.backend

    def close(self) -> None:
        """Close all pooled connections."""
        if self._opened is not None:
            self._opened.dispose()
            self._opened = None

    def _each(self, statements: list[str]) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def create_schema(self) -> None:
        self._each(DDL[self.backend])

    def drop_schema(self) -> None:
        self._each(DROP)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.engine)


def option(strategy: Loading) -> list[ORMOption]:
    """The loader option of a strategy; lazy loading is what a relation does by itself."""
    options: dict[Loading, ORMOption] = {
        Loading.JOIN: joinedload(Order.lines),
        Loading.SELECT_IN: selectinload(Order.lines),
    }
    return [options[strategy]] if strategy in options else []


def first_orders(limit: int, after_id: int | None = None) -> Select[Any]:
    """The orders with the smallest keys, or those that follow a key."""
    statement = select(Order).order_by(Order.id).limit(limit)
    return statement if after_id is None else statement.where(Order.id > after_id)


def objects(data: Dataset) -> list[Base]:
    """The orders and their lines as new objects of the mapper."""
    heads = [Order(**one) for one in named(data.orders)]
    return [*heads, *(OrderLine(**one) for one in named(data.lines))]


def inserts(data: Dataset) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Bulk statements for orders and their lines, where there are any."""
    both = ((Order, named(data.orders)), (OrderLine, named(data.lines)))
    return [(insert(model), values) for model, values in both if values]


def reference(data: Dataset) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Bulk statements for customers, products and accounts, where there are any."""
    return [
        (insert(MODELS[table]), named(items)) for table, items in data.reference.items() if items
    ]


def both(changes: list[tuple[int, int]], how: TransferHow) -> Select[Any]:
    """The accounts of a transfer, locked by ascending key where that is how it is done."""
    keys = [account for account, _ in changes]
    statement = select(Account).where(Account.id.in_(keys)).order_by(Account.id)
    return statement.with_for_update() if how is TransferHow.FOR_UPDATE else statement


def add(account: int, change: int) -> Update:
    """Change a balance inside the server, if it stays above zero."""
    cents = Account.balance_cents
    return (
        update(Account)
        .where(Account.id == account, cents + change >= 0)
        .values(balance_cents=cents + change, version=Account.version + 1)
        .execution_options(synchronize_session=False)
    )


def new_balances(
    changes: list[tuple[int, int]], found: dict[int, Account]
) -> list[tuple[Account, int]]:
    """Return each account with its balance after the transfer; raises as `base.after`."""
    balances = {key: account.balance_cents for key, account in found.items()}
    return [(found[key], balance) for key, balance in after(changes, balances)]


def put(account: Account, balance: int) -> Update:
    """Write a balance, if the account is still at the version that was read."""
    return (
        update(Account)
        .where(Account.id == account.id, Account.version == account.version)
        .values(balance_cents=balance, version=Account.version + 1)
        .execution_options(synchronize_session=False)
    )


def checked(account: Account | None, account_id: int) -> Account:
    """Return the account that was read; raises `NotFound` where there is none."""
    if account is None:
        raise no_account(account_id)
    return account
