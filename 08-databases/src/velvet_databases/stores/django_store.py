"""Django's ORM outside a project: unmanaged models on a database with an alias of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any, ClassVar

from django.db import connections, transaction  # type: ignore[import-untyped]
from django.db.models import F, Prefetch  # type: ignore[import-untyped]

from velvet_databases.domain import DDL, DROP, Dataset, Order, named
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores import django_setup
from velvet_databases.stores.address import read_address
from velvet_databases.stores.base import (
    Loading,
    TransferHow,
    Unsupported,
    after,
    check_method,
    moves,
    no_account,
    no_order,
    not_open,
    overdraft,
    plain,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import connecting, reading, translated


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
            raise stale_account(key, account.version)


class DjangoStore:
    """Django's ORM; used by the thread that opened it, as Django's connections are."""

    name: ClassVar[str] = "django"
    backends: ClassVar[frozenset[str]] = frozenset({"sqlite", "postgresql"})
    backend = alias = ""
    _models: Any = None

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
        self._each(DDL[self.backend])

    def drop_schema(self) -> None:
        self._each(DROP)

    def _bulk_create(self, model: str, items: Any) -> None:
        kind = getattr(self._models, model)
        self.rows(model).bulk_create([kind(**values) for values in named(items)])

    def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data), self._atomic():
            for table, items in data.reference.items():
                self._bulk_create(table.title(), items)

    def bulk_methods(self) -> tuple[str, ...]:
        """An INSERT for each object, and one for many."""
        return ("create", "bulk_create")

    def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        with translated(self.backend, data), self._atomic():
            for model, items in (("Order", data.orders), ("OrderLine", data.lines)):
                if method == "bulk_create":
                    self._bulk_create(model, items)
                else:
                    for values in named(items):
                        self.rows(model).create(**values)
        return data.order_rows

    @reading
    def get_order(self, order_id: int) -> Order:
        try:
            order = self.rows("Order").get(pk=order_id)
        except self._models.Order.DoesNotExist:
            raise no_order(order_id) from None
        return plain(order, order.lines.order_by("id"))

    @reading
    def page(self, after_id: int, limit: int) -> list[Order]:
        found = self.rows("Order").filter(id__gt=after_id).order_by("id")[:limit]
        return [plain(order) for order in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        orders = self.rows("Order").order_by("id")
        if strategy is Loading.LAZY:
            return [plain(order, list(order.lines.order_by("id"))) for order in orders[:limit]]
        if strategy is Loading.JOIN:
            raise Unsupported(
                "Django joins from the many to the one (select_related), never from an order to "
                "its lines: use prefetch_related"
            )
        sorted_lines = Prefetch("lines", self.rows("OrderLine").order_by("id"))
        found = orders.prefetch_related(sorted_lines)[:limit]
        return [plain(order, order.lines.all()) for order in found]

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        for order in self.rows("Order").order_by("id").iterator(chunk_size=batch):
            yield plain(order)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: one UPDATE with a condition."""
        same = self.rows("Order").filter(pk=order_id, version=expected_version)
        with translated(self.backend):
            changed = same.update(status=status, version=F("version") + 1)
        if not changed:
            raise stale_order(order_id, self.get_order(order_id).version, expected_version)

    def balance(self, account_id: int) -> int:
        found = self.rows("Account").filter(pk=account_id).values_list("balance_cents", flat=True)
        for balance in islice(found, 1):
            return int(balance)
        raise no_account(account_id)

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
        with translated(self.backend), self._atomic():
            if how is TransferHow.ATOMIC:
                add(self.rows("Account"), changes)
            else:
                write_back(self.rows("Account"), changes, how)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(connections[self.alias])
