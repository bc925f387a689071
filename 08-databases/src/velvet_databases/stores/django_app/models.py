"""The shop as Django maps it: unmanaged, because `domain.DDL` makes the tables.

Import this only after `django_setup.configure()`.
"""

from __future__ import annotations

from django.db import models  # type: ignore[import-untyped]


class Customer(models.Model):  # type: ignore[misc]  # Django is untyped
    """A row of `customer`."""

    id = models.BigIntegerField(primary_key=True)
    email = models.TextField(unique=True)
    name = models.TextField(null=True)

    class Meta:
        managed = False
        db_table = "customer"


class Product(models.Model):  # type: ignore[misc]
    """A row of `product`."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.TextField(unique=True)
    price_cents = models.IntegerField()

    class Meta:
        managed = False
        db_table = "product"


class Order(models.Model):  # type: ignore[misc]
    """A row of `orders`."""

    id = models.BigIntegerField(primary_key=True)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="orders")
    status = models.TextField()
    placed_at = models.DateTimeField()
    version = models.IntegerField()

    class Meta:
        managed = False
        db_table = "orders"


class OrderLine(models.Model):  # type: ignore[misc]
    """A row of `order_line`."""

    id = models.BigIntegerField(primary_key=True)
    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="lines")
    product = models.ForeignKey(Product, models.DO_NOTHING, related_name="lines")
    qty = models.IntegerField()
    unit_cents = models.IntegerField()

    class Meta:
        managed = False
        db_table = "order_line"


class Account(models.Model):  # type: ignore[misc]
    """A row of `account`."""

    id = models.BigIntegerField(primary_key=True)
    owner = models.TextField()
    balance_cents = models.BigIntegerField()
    version = models.IntegerField()

    class Meta:
        managed = False
        db_table = "account"
