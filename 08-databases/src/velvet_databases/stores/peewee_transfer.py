"""Transfers in Peewee: expressions of fields, which the server computes, or rows that are saved.

`model` is the class of accounts that is bound to the store's database.
"""

from __future__ import annotations

from typing import Any

from velvet_databases.stores.base import StaleWrite, TransferHow
from velvet_databases.stores.transfers import after, no_account, overdraft


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
            raise StaleWrite(f"account {key} is no longer at version {account.version}")
