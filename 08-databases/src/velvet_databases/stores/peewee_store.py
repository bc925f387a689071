"""Peewee: a small ORM without a session; every `save` is a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from peewee import (
    BigIntegerField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
    chunked,
)
from playhouse.postgres_ext import (  # type: ignore[import-untyped]
    Psycopg3Database,
    ServerSideQuery,
)

from velvet_databases import domain
from velvet_databases.domain import DDL, DROP, Dataset, named
from velvet_databases.sqlcapture import QueryLog, capture
from velvet_databases.stores.address import (
    BUSY_SECONDS,
    CONNECT_SECONDS,
    PRAGMAS,
    Address,
    read_address,
)
from velvet_databases.stores.base import (
    Loading,
    Opened,
    TransferHow,
    Unsupported,
    after,
    check_method,
    moves,
    no_account,
    no_order,
    overdraft,
    plain,
    stale_account,
    stale_order,
)
from velvet_databases.stores.failures import connecting, reading, translated

# SQLite takes at most 32,766 parameters a statement, PostgreSQL 65,535.
ROWS_A_STATEMENT = 1000


@dataclass(frozen=True)
class Models:
    """The five classes of one database."""

    Customer: Any
    Product: Any
    Order: Any
    OrderLine: Any
    Account: Any


def bind(database: Database) -> Models:
    """Make the model classes of a database."""

    class Customer(Model):
        id = BigIntegerField(primary_key=True)
        email = TextField(unique=True)
        name = TextField(null=True)

    class Product(Model):
        id = BigIntegerField(primary_key=True)
        sku = TextField(unique=True)
        price_cents = IntegerField()

    class Order(Model):
        id = BigIntegerField(primary_key=True)
        customer = ForeignKeyField(Customer, backref="orders")
        status = TextField()
        placed_at = DateTimeField()
        version = IntegerField()

        class Meta:
            table_name = "orders"

    class OrderLine(Model):
        id = BigIntegerField(primary_key=True)
        order = ForeignKeyField(Order, backref="lines")
        product = ForeignKeyField(Product, backref="lines")
        qty = IntegerField()
        unit_cents = IntegerField()

        class Meta:
            table_name = "order_line"

    class Account(Model):
        id = BigIntegerField(primary_key=True)
        owner = TextField()
        balance_cents = BigIntegerField()
        version = IntegerField()

    models = [Customer, Product, Order, OrderLine, Account]
    database.bind(models)
    return Models(*models)


def connection_to(address: Address) -> Database:
    """Return the database of an address, not connected yet; every session begins alike."""
    if address.backend == "sqlite":
        pragmas = {pragma: value.lower() for pragma, value in PRAGMAS.items()}
        return SqliteDatabase(address.path, pragmas=pragmas, timeout=BUSY_SECONDS)
    parts = address.parts
    given = {key: parts[key] for key in ("host", "port", "user", "password") if parts[key]}
    database: Database = Psycopg3Database(
        parts["database"] or parts["user"],
        **{**address.settings, **given, "connect_timeout": CONNECT_SECONDS},
    )
    return database


def add(model: Any, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft` or `NotFound`."""
    for key, change in changes:
        enough = (model.id == key) & (model.balance_cents + change >= 0)
        new = {model.balance_cents: model.balance_cents + change}
        statement = model.update({**new, model.version: model.version + 1})
        if statement.where(enough).execute():
            continue
        account = model.get_or_none(model.id == key)
        if account is None:
            raise no_account(key)
        raise overdraft(key, account.balance_cents, -change)


def write_back(model: Any, changes: list[tuple[int, int]], how: TransferHow) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    wanted = model.select().where(model.id.in_([key for key, _ in changes])).order_by(model.id)
    locked = how is TransferHow.FOR_UPDATE
    found = {one.id: one for one in (wanted.for_update() if locked else wanted)}
    new = after(changes, {key: account.balance_cents for key, account in found.items()})
    for key, balance in new:
        account = found[key]
        if how is not TransferHow.VERSION:
            account.balance_cents, account.version = balance, account.version + 1
            account.save(only=[model.balance_cents, model.version])
            continue
        statement = model.update(balance_cents=balance, version=model.version + 1)
        if not statement.where(model.id == key, model.version == account.version).execute():
            raise stale_account(key, account.version)


class PeeweeStore(Opened):
    """Peewee; thread-safe after `open`, since Peewee keeps one connection a thread."""

    name: ClassVar[str] = "peewee"
    backends: ClassVar[frozenset[str]] = frozenset({"sqlite", "postgresql"})
    backend = ""

    @property
    def database(self) -> Database:
        """Peewee's database; raises `StoreUnavailable` where there is none."""
        database: Database = self.opened
        return database

    @property
    def models(self) -> Models:
        """The model classes that are bound to this database."""
        self.database  # noqa: B018 - raises where it is not open
        return self._models

    def open(self, url: str) -> None:
        address = read_address(url, self.backends)
        database = connection_to(address)
        with connecting(address):
            database.connect()
        self._opened, self._models, self.backend = database, bind(database), address.backend

    def _each(self, statements: list[str]) -> None:
        with self.database.atomic():
            for statement in statements:
                self.database.execute_sql(statement)  # type: ignore[no-untyped-call]

    def create_schema(self) -> None:
        self._each(DDL[self.backend])

    def drop_schema(self) -> None:
        self._each(DROP)

    def _insert_many(self, model: Any, items: Iterable[object]) -> None:
        for some in chunked(named(items), ROWS_A_STATEMENT):
            model.insert_many(some).execute()

    def insert_reference(self, data: Dataset) -> None:
        with translated(self.backend, data), self.database.atomic():
            for table, items in data.reference.items():
                self._insert_many(getattr(self.models, table.title()), items)

    def bulk_methods(self) -> tuple[str, ...]:
        """An INSERT for each object, and one for a thousand rows."""
        return ("create", "insert_many")

    def insert_orders(self, data: Dataset, method: str) -> int:
        check_method(method, self.bulk_methods())
        both = ((self.models.Order, data.orders), (self.models.OrderLine, data.lines))
        with translated(self.backend, data), self.database.atomic():
            for model, items in both:
                if method == "insert_many":
                    self._insert_many(model, items)
                else:
                    for values in named(items):
                        model.create(**values)
        return data.order_rows

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
        asked = ServerSideQuery(query, array_size=batch)
        try:
            yield from (plain(order) for order in asked)
        finally:
            asked.close()

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: one UPDATE with a condition."""
        model = self.models.Order
        same = (model.id == order_id) & (model.version == expected_version)
        with translated(self.backend):
            change = model.update(status=status, version=model.version + 1)
            changed = change.where(same).execute()
        if not changed:
            raise stale_order(order_id, self.get_order(order_id).version, expected_version)

    def balance(self, account_id: int) -> int:
        account = self.models.Account.get_or_none(self.models.Account.id == account_id)
        if account is None:
            raise no_account(account_id)
        return int(account.balance_cents)

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        changes = moves(source, target, cents, how, self.backend)
        with translated(self.backend), self.database.atomic():
            if how is TransferHow.ATOMIC:
                add(self.models.Account, changes)
            else:
                write_back(self.models.Account, changes, how)

    def capture(self) -> AbstractContextManager[QueryLog]:
        return capture(self.database)
