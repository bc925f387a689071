"""What the two ORM stores of SQLAlchemy ask for: the same statements, run with or without `await`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Update, insert, select, update
from sqlalchemy.orm import QueryableAttribute, joinedload, raiseload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from velvet_databases import domain
from velvet_databases.domain import Dataset
from velvet_databases.stores.base import Loading, StaleWrite, TransferHow
from velvet_databases.stores.sa_models import Account, Base, Customer, Order, OrderLine, Product
from velvet_databases.stores.sql import COLUMNS
from velvet_databases.stores.transfers import after, no_account

REFERENCE: tuple[tuple[type[Base], str], ...] = (
    (Customer, "customers"),
    (Product, "products"),
    (Account, "accounts"),
)


def option(strategy: Loading, relation: QueryableAttribute[Any]) -> list[ORMOption]:
    """The loader option of a strategy; lazy loading is what a relation does by itself."""
    options: dict[Loading, ORMOption] = {
        Loading.JOIN: joinedload(relation),
        Loading.SELECT_IN: selectinload(relation),
        Loading.RAISE: raiseload(relation, sql_only=True),
    }
    return [options[strategy]] if strategy in options else []


def first_orders(limit: int, after_id: int | None = None) -> Select[Any]:
    """The orders with the smallest keys, or those that follow a key."""
    statement = select(Order).order_by(Order.id).limit(limit)
    return statement if after_id is None else statement.where(Order.id > after_id)


def heads(data: Dataset) -> list[Order]:
    """The orders as new objects of the mapper."""
    return [
        Order(
            id=one.id,
            customer_id=one.customer_id,
            status=one.status,
            placed_at=one.placed_at,
            version=one.version,
        )
        for one in data.orders
    ]


def lines(data: Dataset) -> list[OrderLine]:
    """The lines as new objects of the mapper."""
    return [OrderLine(**vars(line)) for line in data.lines]


def reference(data: Dataset) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Bulk statements for customers, products and accounts, where there are any."""
    return [
        (insert(model), [dict(vars(item)) for item in getattr(data, name)])
        for model, name in REFERENCE
        if getattr(data, name)
    ]


def plain(order: Order, found: list[OrderLine] | None = None) -> domain.Order:
    """Return the value of a mapped order, with the lines given."""
    return domain.Order(
        order.id,
        order.customer_id,
        order.status,
        order.placed_at,
        order.version,
        tuple(
            domain.OrderLine(one.id, one.order_id, one.product_id, one.qty, one.unit_cents)
            for one in found or ()
        ),
    )


def both(changes: list[tuple[int, int]], how: TransferHow) -> Select[Any]:
    """The accounts of a transfer, locked by ascending key where that is how it is done."""
    keys = [account for account, _ in changes]
    statement = select(Account).where(Account.id.in_(keys)).order_by(Account.id)
    return statement.with_for_update() if how is TransferHow.FOR_UPDATE else statement


def add(account: int, change: int) -> Update:
    """Change a balance inside the server, if it stays above zero."""
    cents = Account.balance_cents
    return (
        update(Account)
        .where(Account.id == account, cents + change >= 0)
        .values(balance_cents=cents + change, version=Account.version + 1)
        .execution_options(synchronize_session=False)
    )


def new_balances(
    changes: list[tuple[int, int]], found: dict[int, Account]
) -> list[tuple[Account, int]]:
    """Return each account with its balance after the transfer; raises as `transfers.after`."""
    balances = {key: account.balance_cents for key, account in found.items()}
    return [(found[key], balance) for key, balance in after(changes, balances)]


def put(account: Account, balance: int) -> Update:
    """Write a balance, if the account is still at the version that was read."""
    return (
        update(Account)
        .where(Account.id == account.id, Account.version == account.version)
        .values(balance_cents=balance, version=Account.version + 1)
        .execution_options(synchronize_session=False)
    )


def stale_account(account: Account) -> StaleWrite:
    """The error for an account that changed since it was read."""
    return StaleWrite(f"account {account.id} is no longer at version {account.version}")


def checked(account: Account | None, account_id: int) -> Account:
    """Return the account that was read; raises `NotFound` where there is none."""
    if account is None:
        raise no_account(account_id)
    return account


def order_dicts(data: Dataset) -> list[dict[str, Any]]:
    """The rows of `orders` by name."""
    return [dict(zip(COLUMNS["orders"], one.head, strict=True)) for one in data.orders]
