"""The shop as Django maps it: unmanaged, because `domain.DDL` makes the tables.

Import this only after `django_setup.configure()`.
"""

from __future__ import annotations

from django.db import models  # type: ignore[import-untyped]


class Row(models.Model):  # type: ignore[misc]  # Django is untyped
    """A row whose key the caller chooses, in a table that Django does not make."""

    id = models.BigIntegerField(primary_key=True)

    class Meta:
        abstract = True
        managed = False


class Customer(Row):
    """A row of `customer`."""

    email = models.TextField(unique=True)
    name = models.TextField(null=True)

    class Meta(Row.Meta):
        db_table = "customer"


class Product(Row):
    """A row of `product`."""

    sku = models.TextField(unique=True)
    price_cents = models.IntegerField()

    class Meta(Row.Meta):
        db_table = "product"


class Order(Row):
    """A row of `orders`."""

    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="orders")
    status = models.TextField()
    placed_at = models.DateTimeField()
    version = models.IntegerField()

    class Meta(Row.Meta):
        db_table = "orders"


class OrderLine(Row):
    """A row of `order_line`."""

    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="lines")
    product = models.ForeignKey(Product, models.DO_NOTHING, related_name="lines")
    qty = models.IntegerField()
    unit_cents = models.IntegerField()

    class Meta(Row.Meta):
        db_table = "order_line"


class Account(Row):
    """A row of `account`."""

    owner = models.TextField()
    balance_cents = models.BigIntegerField()
    version = models.IntegerField()

    class Meta(Row.Meta):
        db_table = "account"
