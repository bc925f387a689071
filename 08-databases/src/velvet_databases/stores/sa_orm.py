"""SQLAlchemy's ORM: a session collects changes, knows each row once, and loads as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.exc import StaleDataError

from velvet_databases import domain
from velvet_databases.domain import Dataset
from velvet_databases.stores import sa_engine as statements
from velvet_databases.stores.base import (
    Loading,
    StaleWrite,
    TransferHow,
    check_method,
    moves,
    no_order,
    overdraft,
    plain,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import reading, translated
from velvet_databases.stores.sa_engine import SaStore
from velvet_databases.stores.sa_models import Account, Order


class SaOrm(SaStore):
    """SQLAlchemy's ORM; thread-safe, since every call is a session of its own."""

    name: ClassVar[str] = "sqlalchemy orm"

    def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data), Session(self.engine) as session, session.begin():
            for statement, values in statements.reference(data):
                session.execute(statement, values)

    def bulk_methods(self) -> tuple[str, ...]:
        """A flush after each object, one flush for all, and an insert without objects."""
        return ("flush_each", "add_all", "insert_list")

    def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        with translated(self.backend, data), Session(self.engine) as session, session.begin():
            if method == "insert_list":
                for statement, values in statements.inserts(data):
                    session.execute(statement, values)
            elif method == "add_all":
                session.add_all(statements.objects(data))
            else:
                for row in statements.objects(data):
                    session.add(row)
                    session.flush()
        return data.order_rows

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
            found = session.scalars(statements.first_orders(limit, after_id))
            return [plain(order) for order in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        wanted = statements.first_orders(limit).options(*statements.option(strategy))
        with Session(self.engine) as session:
            return [plain(order, order.lines) for order in session.scalars(wanted).unique()]

    def stream_orders(self, batch: int = 1000) -> Iterator[domain.Order]:
        with Session(self.engine) as session:
            wanted = select(Order).order_by(Order.id).execution_options(yield_per=batch)
            with session.scalars(wanted) as found:
                yield from (plain(order) for order in found)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: the mapper's own version counter."""
        try:
            with translated(self.backend), Session(self.engine) as session, session.begin():
                order = session.get(Order, order_id)
                if order is None:
                    raise no_order(order_id)
                if order.version != expected_version:
                    raise stale_order(order_id, order.version, expected_version)
                order.status, order.version = status, expected_version + 1
        except StaleDataError as error:
            raise StaleWrite(f"order {order_id} was changed meanwhile") from error

    def balance(self, account_id: int) -> int:
        with Session(self.engine) as session:
            return statements.checked(session.get(Account, account_id), account_id).balance_cents

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
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
                raise stale_account(account.id, account.version)


def _rowcount(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
