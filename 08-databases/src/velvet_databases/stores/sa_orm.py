"""SQLAlchemy's ORM: a session collects changes, knows each row once, and loads as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, selectinload
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
from velvet_databases.stores.failures import reading, translated
from velvet_databases.stores.sa_engine import BACKENDS, connect
from velvet_databases.stores.sa_models import Account, Order, OrderLine
from velvet_databases.stores.sa_statements import order_dicts
from velvet_databases.stores.transfers import moves, overdraft


class SaOrm:
    """SQLAlchemy's ORM; thread-safe, since every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy orm"
    backends: ClassVar[frozenset[str]] = BACKENDS
    capabilities = frozenset({Cap.ORM, Cap.UNIT_OF_WORK, Cap.IDENTITY_MAP, Cap.SERVER_CURSOR})

    def __init__(self) -> None:
        self.backend = ""
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine; raises `StoreUnavailable` where there is none."""
        if self._engine is None:
            raise not_open(self.name)
        return self._engine

    def open(self, url: str) -> None:
        """Connect once, to see that it works."""
        address = read_address(url, self.backends)
        self._engine, self.backend = connect(address), address.backend

    def close(self) -> None:
        """Close all pooled connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def create_schema(self) -> None:
        """Make the tables."""
        with self.engine.begin() as connection:
            for statement in DDL[self.backend]:
                connection.execute(text(statement))

    def drop_schema(self) -> None:
        """Remove the tables, if they are there."""
        with self.engine.begin() as connection:
            for statement in DROP:
                connection.execute(text(statement))

    def insert_reference(self, data: Dataset) -> None:
        """Insert customers, products and accounts."""
        with translated(self.backend, data), Session(self.engine) as session, session.begin():
            for statement, values in statements.reference(data):
                session.execute(statement, values)

    def bulk_methods(self) -> tuple[str, ...]:
        """A flush after each object, one flush for all, and an insert without objects."""
        return ("flush_each", "add_all", "insert_list")

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines; return the number of rows."""
        check_method(method, self.bulk_methods())
        with translated(self.backend, data), Session(self.engine) as session, session.begin():
            if method == "insert_list":
                if data.orders:
                    session.execute(insert(Order), order_dicts(data))
                if found := [dict(vars(line)) for line in data.lines]:
                    session.execute(insert(OrderLine), found)
            elif method == "add_all":
                session.add_all([*statements.heads(data), *statements.lines(data)])
            else:
                for row in [*statements.heads(data), *statements.lines(data)]:
                    session.add(row)
                    session.flush()
        return data.order_rows

    @reading
    def get_order(self, order_id: int) -> domain.Order:
        """Return one order with its lines; raises `NotFound`."""
        with Session(self.engine) as session:
            order = session.get(Order, order_id, options=[selectinload(Order.lines)])
            if order is None:
                raise NotFound(f"there is no order {order_id}")
            return statements.plain(order, order.lines)

    @reading
    def page(self, after_id: int, limit: int) -> list[domain.Order]:
        """Return the heads of the next orders by key."""
        with Session(self.engine) as session:
            found = session.scalars(statements.first_orders(limit, after_id))
            return [statements.plain(order) for order in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        """Return the first orders with their lines."""
        options = statements.option(strategy, Order.lines)
        with Session(self.engine) as session:
            wanted = statements.first_orders(limit).options(*options)
            try:
                return [
                    statements.plain(order, order.lines)
                    for order in session.scalars(wanted).unique()
                ]
            except InvalidRequestError as error:
                if strategy is not Loading.RAISE:
                    raise
                raise LazyLoadRefused(str(error)) from error

    def stream_orders(self, batch: int = 1000) -> Iterator[domain.Order]:
        """Yield the heads of all orders through a cursor that stays in the server."""
        with Session(self.engine) as session:
            wanted = select(Order).order_by(Order.id).execution_options(yield_per=batch)
            with session.scalars(wanted) as found:
                yield from (statements.plain(order) for order in found)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: the mapper's own version counter."""
        try:
            with translated(self.backend), Session(self.engine) as session, session.begin():
                order = session.get(Order, order_id)
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

    def balance(self, account_id: int) -> int:
        """Return the cents of an account; raises `NotFound`."""
        with Session(self.engine) as session:
            return statements.checked(session.get(Account, account_id), account_id).balance_cents

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money in one transaction."""
        changes = moves(source, target, cents)
        if how is TransferHow.FOR_UPDATE and self.backend == "sqlite":
            raise Unsupported("SQLite locks the whole file, never a row: it has no FOR UPDATE")
        with translated(self.backend), Session(self.engine) as session, session.begin():
            if how is TransferHow.ATOMIC:
                self._add(session, changes)
            else:
                self._write_back(session, changes, how)

    def _add(self, session: Session, changes: list[tuple[int, int]]) -> None:
        for key, change in changes:
            if not _rowcount(session.execute(statements.add(key, change))):
                account = statements.checked(session.get(Account, key), key)
                raise overdraft(key, account.balance_cents, -change)

    def _write_back(
        self, session: Session, changes: list[tuple[int, int]], how: TransferHow
    ) -> None:
        found = {one.id: one for one in session.scalars(statements.both(changes, how))}
        for account, balance in statements.new_balances(changes, found):
            if how is not TransferHow.VERSION:
                account.balance_cents, account.version = balance, account.version + 1
            elif not _rowcount(session.execute(statements.put(account, balance))):
                raise statements.stale_account(account)

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Record what is sent to the database while the context is open."""
        return capture(self.engine)


def _rowcount(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
