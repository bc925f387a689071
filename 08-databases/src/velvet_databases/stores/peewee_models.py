"""The shop as Peewee maps it; models are bound to a database by each store.

A Peewee model belongs to one database at a time. `bind` makes the classes anew, so that two
stores, on two databases, never share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import (
    BigIntegerField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.postgres_ext import Psycopg3Database  # type: ignore[import-untyped]

from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, PRAGMAS, Address


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
    named = {key: parts[key] for key in ("host", "port", "user", "password") if parts[key]}
    database: Database = Psycopg3Database(
        parts["database"] or parts["user"],
        **{**address.settings, **named, "connect_timeout": CONNECT_SECONDS},
    )
    return database
