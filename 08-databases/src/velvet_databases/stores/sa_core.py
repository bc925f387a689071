"""SQLAlchemy Core: statements built from tables, rows as tuples, no objects of the ORM."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import BindParameter, Connection, Select, bindparam, insert, select, update

from velvet_databases.domain import Dataset, Order, OrderLine, named
from velvet_databases.stores.base import (
    Loading,
    TransferHow,
    after,
    check_method,
    moves,
    no_account,
    no_order,
    overdraft,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import reading, translated
from velvet_databases.stores.floor import from_join, head, with_lines
from velvet_databases.stores.sa_engine import SaStore
from velvet_databases.stores.sa_models import Base

TABLES = Base.metadata.tables
ORDERS, LINES, ACCOUNT = TABLES["orders"], TABLES["order_line"], TABLES["account"]


def first_orders(limit: int) -> Select[Any]:
    """The orders with the smallest keys."""
    return select(ORDERS).order_by(ORDERS.c.id).limit(limit)


def read(connection: Connection, account_id: int, *, locked: bool = False) -> tuple[int, int]:
    """Return balance and version of an account; raises `NotFound`."""
    wanted = select(ACCOUNT.c.balance_cents, ACCOUNT.c.version).where(ACCOUNT.c.id == account_id)
    row = connection.execute(wanted.with_for_update() if locked else wanted).one_or_none()
    if row is None:
        raise no_account(account_id)
    return row[0], row[1]


def add(connection: Connection, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft`."""
    cents = ACCOUNT.c.balance_cents
    change_of: BindParameter[int] = bindparam("change")
    account_of: BindParameter[int] = bindparam("account")
    statement = (
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account_of, cents + change_of >= 0)
        .values(balance_cents=cents + change_of, version=ACCOUNT.c.version + 1)
    )
    for account, change in changes:
        done = connection.execute(statement, {"change": change, "account": account})
        if not done.rowcount:
            raise overdraft(account, read(connection, account)[0], -change)


def write_back(connection: Connection, changes: list[tuple[int, int]], how: TransferHow) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    locked = how is TransferHow.FOR_UPDATE
    found = {account: read(connection, account, locked=locked) for account, _ in changes}
    new = after(changes, {account: balance for account, (balance, _) in found.items()})
    for account, balance in new:
        version = found[account][1]
        statement = update(ACCOUNT).where(ACCOUNT.c.id == account)
        if how is TransferHow.VERSION:
            statement = statement.where(ACCOUNT.c.version == version)
        values = {"balance_cents": balance, "version": ACCOUNT.c.version + 1}
        if not connection.execute(statement.values(values)).rowcount:
            raise stale_account(account, version)


class SaCore(SaStore):
    """SQLAlchemy Core; thread-safe, since every call takes a connection of its own."""

    name: ClassVar[str] = "sqlalchemy core"

    def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data), self.engine.begin() as connection:
            for table, items in data.reference.items():
                if items:
                    connection.execute(insert(TABLES[table]), named(items))

    def bulk_methods(self) -> tuple[str, ...]:
        """One: an `insert()` with a list, which the driver's `executemany` takes."""
        return ("insert",)

    def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        heads, lines = named(data.orders), named(data.lines)
        with translated(self.backend, data), self.engine.begin() as connection:
            for table, values in ((ORDERS, heads), (LINES, lines)):
                if values:
                    connection.execute(insert(table), values)
        return data.order_rows

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
            found = connection.execute(first_orders(limit).where(ORDERS.c.id > after_id))
            return [head(row) for row in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        with self.engine.connect() as connection:
            if strategy is Loading.JOIN:
                some = first_orders(limit).subquery()
                both = some.outerjoin(LINES, LINES.c.order_id == some.c.id)
                statement = select(some, LINES).select_from(both).order_by(some.c.id, LINES.c.id)
                return from_join(connection.execute(statement))
            heads = [head(row) for row in connection.execute(first_orders(limit))]
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

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        same = (ORDERS.c.id == order_id) & (ORDERS.c.version == expected_version)
        change = update(ORDERS).where(same).values(status=status, version=ORDERS.c.version + 1)
        with translated(self.backend), self.engine.begin() as connection:
            changed = connection.execute(change).rowcount
        if not changed:
            raise stale_order(order_id, self.get_order(order_id).version, expected_version)

    def balance(self, account_id: int) -> int:
        with self.engine.connect() as connection:
            return read(connection, account_id)[0]

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
        with translated(self.backend), self.engine.begin() as connection:
            if how is TransferHow.ATOMIC:
                add(connection, changes)
            else:
                write_back(connection, changes, how)
