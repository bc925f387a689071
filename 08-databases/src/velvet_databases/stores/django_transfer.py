"""Transfers in Django: `F()` expressions, which the server computes, or objects that are saved.

`accounts` is the query set of all accounts on the store's database.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F  # type: ignore[import-untyped]

from velvet_databases.stores.base import StaleWrite, TransferHow
from velvet_databases.stores.transfers import after, no_account, overdraft


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
            raise StaleWrite(f"account {key} is no longer at version {account.version}")
