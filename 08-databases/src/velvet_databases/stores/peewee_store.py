"""Peewee: a small ORM without a session; every `save` is a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar

import peewee
from peewee import Database, ForeignKeyField, IntegerField, Model, TextField
from playhouse import postgres_ext  # type: ignore[import-untyped]

from velvet_databases import domain
from velvet_databases.domain import ROWS, named
from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, PRAGMAS, Address
from velvet_databases.stores.base import Loading, Unsupported, no_order, plain
from velvet_databases.stores.failures import reading
from velvet_databases.stores.shared import Relational

# SQLite takes at most 32,766 parameters a statement, PostgreSQL 65,535.
ROWS_A_STATEMENT = 1000


def bind(database: Database) -> SimpleNamespace:
    """Make the five model classes of a database, by their names."""

    class Row(Model):
        id = peewee.BigIntegerField(primary_key=True)

    class Customer(Row):
        email = TextField(unique=True)
        name = TextField(null=True)

    class Product(Row):
        sku = TextField(unique=True)
        price_cents = IntegerField()

    class Order(Row):
        customer = ForeignKeyField(Customer, backref="orders")
        status = TextField()
        placed_at = peewee.DateTimeField()
        version = IntegerField()

        class Meta:
            table_name = "orders"

    class OrderLine(Row):
        order = ForeignKeyField(Order, backref="lines")
        product = ForeignKeyField(Product, backref="lines")
        qty = IntegerField()
        unit_cents = IntegerField()

        class Meta:
            table_name = "order_line"

    class Account(Row):
        owner = TextField()
        balance_cents = peewee.BigIntegerField()
        version = IntegerField()

    models = [Customer, Product, Order, OrderLine, Account]
    database.bind(models)
    return SimpleNamespace(**{model.__name__: model for model in models})


class PeeweeStore(Relational):
    """Peewee; thread-safe after `open`, since Peewee keeps one connection a thread."""

    name: ClassVar[str] = "peewee"

    @property
    def database(self) -> Database:
        """Peewee's database; raises `StoreUnavailable` where there is none."""
        database: Database = self.opened
        return database

    @property
    def models(self) -> SimpleNamespace:
        """The model classes that are bound to this database."""
        self.database  # noqa: B018 - raises where it is not open
        return self._models

    def _connect(self, address: Address) -> Database:
        if address.backend == "sqlite":
            pragmas = {pragma: value.lower() for pragma, value in PRAGMAS.items()}
            return peewee.SqliteDatabase(address.path, pragmas=pragmas, timeout=BUSY_SECONDS)
        parts = address.parts
        given = {key: parts[key] for key in ("host", "port", "user", "password") if parts[key]}
        settings = {**address.settings, **given, "connect_timeout": CONNECT_SECONDS}
        database: Database = postgres_ext.Psycopg3Database(
            parts["database"] or parts["user"], **settings
        )
        return database

    def _check(self) -> None:
        self.database.connect()
        self._models = bind(self.database)

    @contextmanager
    def _transaction(
        self, *, reads_first: bool = False  # noqa: ARG002 - begins alike
    ) -> Iterator[Any]:
        with self.database.atomic():
            yield self.models

    def _execute(self, session: Any, statement: str) -> None:  # noqa: ARG002 - no model's
        self.database.execute_sql(statement)  # type: ignore[no-untyped-call]

    def bulk_methods(self) -> tuple[str, ...]:
        """An INSERT for each object, and one for a thousand rows."""
        return ("create", "insert_many")

    def _insert(self, session: Any, table: str, items: Sequence[Any], method: str) -> None:
        model = getattr(session, ROWS[table].__name__)
        if method == "insert_many":
            for some in peewee.chunked(named(items), ROWS_A_STATEMENT):
                model.insert_many(some).execute()
        else:
            for values in named(items):
                model.create(**values)

    @reading
    def get_order(self, order_id: int) -> domain.Order:
        order = self.models.Order.get_or_none(self.models.Order.id == order_id)
        if order is None:
            raise no_order(order_id)
        return plain(order, order.lines.order_by(self.models.OrderLine.id))

    def _first(self, limit: int) -> Any:
        model = self.models.Order
        return model.select().order_by(model.id).limit(limit)

    @reading
    def page(self, after_id: int, limit: int) -> list[domain.Order]:
        found = self._first(limit).where(self.models.Order.id > after_id)
        return [plain(order) for order in found]

    @reading
    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[domain.Order]:
        line = self.models.OrderLine
        if strategy is Loading.LAZY:
            orders = self._first(limit)
            return [plain(order, list(order.lines.order_by(line.id))) for order in orders]
        if strategy is Loading.JOIN:
            raise Unsupported(
                "Peewee's join makes one object a row, an order for each line: use prefetch()"
            )
        # Peewee repeats the first query as a subquery, so that LIMIT holds for both.
        fetched = self._first(limit).prefetch(line.select().order_by(line.id))
        return [plain(order, order.lines) for order in fetched]

    def stream_orders(self, batch: int = 1000) -> Iterator[domain.Order]:
        """Yield the heads of all orders without holding them.

        Outside a transaction, Peewee lets the server keep the result (WITH HOLD); in one, what is
        written between two rows would be lost with it when the stream is abandoned.
        """
        model = self.models.Order
        query = model.select().order_by(model.id)
        if self.backend == "sqlite":
            yield from (plain(order) for order in query.iterator())
            return
        asked = postgres_ext.ServerSideQuery(query, array_size=batch)
        try:
            yield from (plain(order) for order in asked)
        finally:
            asked.close()

    def _change_status(self, order_id: int, status: str, expected_version: int) -> int:
        model = self.models.Order
        change = model.update(status=status, version=model.version + 1)
        same = (model.id == order_id) & (model.version == expected_version)
        return int(change.where(same).execute())

    def balance(self, account_id: int) -> int:
        return self._balance(self.models, account_id)

    def _accounts(
        self, session: Any, keys: Sequence[int], *, locked: bool = False
    ) -> dict[int, Any]:
        model = session.Account
        wanted = model.select().where(model.id.in_(keys)).order_by(model.id)
        return {one.id: one for one in (wanted.for_update() if locked else wanted)}

    def _add(self, session: Any, account: int, change: int) -> int:
        model = session.Account
        enough = (model.id == account) & (model.balance_cents + change >= 0)
        new = {model.balance_cents: model.balance_cents + change, model.version: model.version + 1}
        return int(model.update(new).where(enough).execute())

    def _put(self, session: Any, account: Any, balance: int, *, checked: bool) -> int:
        model = session.Account
        if checked:
            change = model.update(balance_cents=balance, version=model.version + 1)
            same = (model.id == account.id) & (model.version == account.version)
            return int(change.where(same).execute())
        account.balance_cents, account.version = balance, account.version + 1
        return int(account.save(only=[model.balance_cents, model.version]))
