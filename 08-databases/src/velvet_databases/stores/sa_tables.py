"""The shop's tables for SQLAlchemy Core, taken from the mapped classes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, select

from velvet_databases.domain import Dataset
from velvet_databases.stores import sa_models as models
from velvet_databases.stores.sql import COLUMNS


def _table(model: type[models.Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


CUSTOMER, PRODUCT = _table(models.Customer), _table(models.Product)
ORDERS, LINES = _table(models.Order), _table(models.OrderLine)
ACCOUNT = _table(models.Account)


def first_orders(limit: int) -> Select[Any]:
    """The orders with the smallest keys."""
    return select(ORDERS).order_by(ORDERS.c.id).limit(limit)


def order_dicts(data: Dataset) -> list[dict[str, Any]]:
    """The rows of `orders` by name."""
    return [dict(zip(COLUMNS["orders"], one.head, strict=True)) for one in data.orders]
