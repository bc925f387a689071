"""Django's ORM outside a project: unmanaged models on a database with an alias of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist  # type: ignore[import-untyped]
from django.db import connections, transaction  # type: ignore[import-untyped]
from django.db.models import F, Prefetch  # type: ignore[import-untyped]

from velvet_databases.domain import ROWS, Order, named
from velvet_databases.stores import django_setup
from velvet_databases.stores.address import Address
from velvet_databases.stores.base import Loading, Unsupported, no_order, plain
from velvet_databases.stores.failures import reading
from velvet_databases.stores.shared import Relational

# What a session is here: the manager of a model, by the model's name.
Managers = Callable[[str], Any]


class DjangoStore(Relational):
    """Django's ORM; used by the thread that opened it, as Django's connections are."""

    name: ClassVar[str] = "django"

    def _connect(self, address: Address) -> str:
        alias = django_setup.add_database(django_setup.options_of(address))
        from velvet_databases.stores import django_models  # once Django is configured

        self._models = django_models
        return alias

    def _check(self) -> None:
        connections[self.opened].ensure_connection()

    def close(self) -> None:
        """Disconnect and forget the alias."""
        if self._opened is not None:
            django_setup.remove_database(self._opened)
            self._opened = None

    def rows(self, model: str) -> Any:
        """The manager of a model on this database; `store.rows("Order").filter(...)`."""
        alias = self.opened
        return getattr(self._models, model).objects.using(alias)

    @contextmanager
    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - all begin IMMEDIATE
    ) -> Iterator[Managers]:
        with transaction.atomic(using=self.opened):
            yield self.rows

    def _execute(self, session: Managers, statement: str) -> None:  # noqa: ARG002 - no model's
        with connections[self.opened].cursor() as cursor:
            cursor.execute(statement)

    def bulk_methods(self) -> tuple[str, ...]:
        """An INSERT for each object, and one for many."""
        return ("create", "bulk_create")

    def _insert(self, session: Managers, table: str, items: Sequence[Any], method: str) -> None:
        rows = session(ROWS[table].__name__)
        if method == "bulk_create":
            rows.bulk_create([rows.model(**values) for values in named(items)])
        else:
            for values in named(items):
                rows.create(**values)

    @reading
    def get_order(self, order_id: int) -> Order:
        try:
            order = self.rows("Order").get(pk=order_id)
        except ObjectDoesNotExist:
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

    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        same = self.rows("Order").filter(pk=order_id, version=expected_version)
        return int(same.update(status=status, version=F("version") + 1))

    def balance(self, account_id: int) -> int:
        return self._balance(self.rows, account_id)

    def _accounts(
        self, session: Managers, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Any]:
        wanted = session("Account").filter(pk__in=keys).order_by("id")
        return {one.id: one for one in (wanted.select_for_update() if locked else wanted)}

    def _add(self, session: Managers, account: int, change: int) -> int:
        enough = session("Account").filter(pk=account, balance_cents__gte=-change)
        new = {"balance_cents": F("balance_cents") + change, "version": F("version") + 1}
        return int(enough.update(**new))

    def _put(self, session: Managers, account: Any, balance: int, *, checked: bool) -> int:
        if checked:
            same = session("Account").filter(pk=account.id, version=account.version)
            return int(same.update(balance_cents=balance, version=F("version") + 1))
        account.balance_cents, account.version = balance, account.version + 1
        account.save(update_fields=["balance_cents", "version"])
        return 1
