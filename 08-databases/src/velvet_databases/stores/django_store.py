"""Django's ORM outside a project: unmanaged models on a database with an alias of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, ClassVar

from django.db import connections, transaction  # type: ignore[import-untyped]
from django.db.models import F, Prefetch  # type: ignore[import-untyped]

from velvet_databases import domain
from velvet_databases.domain import DDL, DROP, Dataset
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import django_setup
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
from velvet_databases.stores.failures import connecting, reading, translated
from velvet_databases.stores.sql import COLUMNS
from velvet_databases.stores.transfers import after, moves, no_account, overdraft


def add(accounts: Any, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft` or `NotFound`."""
    for key, change in changes:
        account = accounts.filter(pk=key, balance_cents__gte=-change)
        new = {"balance_cents": F("balance_cents") + change, "version": F("version") + 1}
        if account.update(**new):
            continue
        for balance in accounts.filter(pk=key).values_list("balance_cents", flat=True):
            raise overdraft(key, balance, -change)
        raise no_account(key)


def write_back(accounts: Any, changes: list[tuple[int, int]], how: TransferHow) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    wanted = accounts.filter(pk__in=[key for key, _ in changes]).order_by("id")
    locked = how is TransferHow.FOR_UPDATE
    found = {one.id: one for one in (wanted.select_for_update() if locked else wanted)}
    new = after(changes, {key: account.balance_cents for key, account in found.items()})
    for key, balance in new:
        account = found[key]
        if how is not TransferHow.VERSION:
            account.balance_cents, account.version = balance, account.version + 1
            account.save(update_fields=["balance_cents", "version"])
            continue
        same = accounts.filter(pk=key, version=account.version)
        if not same.update(balance_cents=balance, version=F("version") + 1):
            raise StaleWrite(f"account {key} is no longer at version {account.version}")


def _line(row: Any) -> domain.OrderLine:
    return domain.OrderLine(row.id, row.order_id, row.product_id, row.qty, row.unit_cents)


def _order(row: Any, lines: Any = ()) -> domain.Order:
    return domain.Order(
        row.id,
        row.customer_id,
        row.status,
        row.placed_at,
        row.version,
        tuple(_line(line) for line in lines),
    )


class DjangoStore:
    """Django's ORM; used by the thread that opened it, as Django's connections are."""

    name: ClassVar[str] = "django"
    backends: ClassVar[frozenset[str]] = frozenset({"sqlite", "postgresql"})
    capabilities = frozenset({Cap.ORM, Cap.SERVER_CURSOR})

    def __init__(self) -> None:
        self.backend = ""
        self.alias = ""
        self._models: Any = None

    def open(self, url: str) -> None:
        """Add the database to Django's connections and connect once."""
        address = read_address(url, self.backends)
        alias = django_setup.add_database(django_setup.options_of(address))
        from velvet_databases.stores.django_app import models

        try:
            with connecting(address):
                connections[alias].ensure_connection()
        except BaseException:
            django_setup.remove_database(alias)
            raise
        self.alias, self.backend, self._models = alias, address.backend, models

    def close(self) -> None:
        """Disconnect and forget the alias."""
        if self.alias:
            django_setup.remove_database(self.alias)
            self.alias = ""

    def rows(self, model: str) -> Any:
        """The manager of a model on this database; `store.rows("Order").filter(...)`."""
        if not self.alias:
            raise not_open(self.name)
        return getattr(self._models, model).objects.using(self.alias)

    def _atomic(self) -> AbstractContextManager[object]:
        if not self.alias:
            raise not_open(self.name)
        atomic: AbstractContextManager[object] = transaction.atomic(using=self.alias)
        return atomic

    def _each(self, statements: list[str]) -> None:
        with self._atomic(), connections[self.alias].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def create_schema(self) -> None:
        """Make the tables."""
        self._each(DDL[self.backend])

    def drop_schema(self) -> None:
        """Remove the tables, if they are there."""
        self._each(DROP)

    def _objects(self, model: str, items: Any) -> list[Any]:
        return [getattr(self._models, model)(**vars(item)) for item in items]

    def insert_reference(self, data: Dataset) -> None:
        """Insert customers, products and accounts."""
        with translated(self.backend, data), self._atomic():
            for model, items in (
                ("Customer", data.customers),
                ("Product", data.products),
                ("Account", data.accounts),
            ):
                self.rows(model).bulk_create(self._objects(model, items))

    def bulk_methods(self) -> tuple[str, ...]:
        """An INSERT for each object, and one for many."""
        return ("create", "bulk_create")

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines; return the number of rows."""
        check_method(method, self.bulk_methods())
        heads = [dict(zip(COLUMNS["orders"], one.head, strict=True)) for one in data.orders]
        with translated(self.backend, data), self._atomic():
            if method == "create":
                for values in heads:
                    self.rows("Order").create(**values)
                for line in data.lines:
                    self.rows("OrderLine").create(**vars(line))
            else:
                self.rows("Order").bulk_create([self._models.Order(**one) for one in heads])
                self.rows("OrderLine").bulk_create(self._objects("OrderLine", data.lines))
        return data.order_rows

    @reading
    def get_order(self, order_id: int) -> domain.Order:
        """Return one order with its lines; raises `NotFound`."""
        try:
            order = self.rows("Order").get(pk=order_id)
        except self._models.Order.DoesNotExist:
            raise NotFound(f"there is no order {order_id}") from None
        return _order(order, order.lines.order_by("id"))

    @reading
    def page(self, after_id: int, limit: int) -> list[domain.Order]:
        """Return the heads of the next orders by key."""
        found = self.rows("Order").filter(id__gt=after_id).order_by("id")[:limit]
        return [_order(order) for order in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        """Return the first orders with their lines."""
        orders = self.rows("Order").order_by("id")
        if strategy is Loading.LAZY:
            return [_order(order, order.lines.order_by("id")) for order in orders[:limit]]
        if strategy is Loading.SELECT_IN:
            sorted_lines = Prefetch("lines", self.rows("OrderLine").order_by("id"))
            found = orders.prefetch_related(sorted_lines)[:limit]
            return [_order(order, order.lines.all()) for order in found]
        if strategy is Loading.JOIN:
            raise Unsupported(
                "Django joins from the many to the one (select_related), never from an order to "
                "its lines: use prefetch_related"
            )
        return self._raising(orders[:limit])

    def _raising(self, orders: Any) -> list[domain.Order]:
        try:
            from django.core.exceptions import (  # type: ignore[import-untyped]
                FieldFetchBlocked,
            )
            from django.db.models import FETCH_RAISE
        except ImportError:
            raise Unsupported(
                "fetch modes came with Django 6.1; before it nothing forbids a lazy load"
            ) from None
        lines = self.rows("OrderLine").fetch_mode(FETCH_RAISE).order_by("order_id", "id")
        try:
            # Fetch modes guard what a field fetches, as a line its order; `order.lines` is a query.
            for line in lines:
                _ = line.order
        except FieldFetchBlocked as error:
            raise LazyLoadRefused(str(error)) from error
        return [_order(order) for order in orders]

    def stream_orders(self, batch: int = 1000) -> Iterator[domain.Order]:
        """Yield the heads of all orders through a cursor that stays in the server."""
        for order in self.rows("Order").order_by("id").iterator(chunk_size=batch):
            yield _order(order)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: one UPDATE with a condition."""
        same = self.rows("Order").filter(pk=order_id, version=expected_version)
        with translated(self.backend):
            changed = same.update(status=status, version=F("version") + 1)
        if not changed:
            now = self.get_order(order_id).version
            raise StaleWrite(f"order {order_id} is at version {now}, expected {expected_version}")

    def balance(self, account_id: int) -> int:
        """Return the cents of an account; raises `NotFound`."""
        found = self.rows("Account").filter(pk=account_id).values_list("balance_cents", flat=True)
        for balance in islice(found, 1):
            return int(balance)
        raise no_account(account_id)

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money in one transaction."""
        changes = moves(source, target, cents)
        if how is TransferHow.FOR_UPDATE and self.backend == "sqlite":
            raise Unsupported("SQLite locks the whole file, never a row: it has no FOR UPDATE")
        with translated(self.backend), self._atomic():
            if how is TransferHow.ATOMIC:
                add(self.rows("Account"), changes)
            else:
                write_back(self.rows("Account"), changes, how)

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Record what is sent to the database while the context is open."""
        return capture(connections[self.alias])
