"""Transfers in SQLAlchemy's asynchronous session: the statements of the synchronous one, awaited."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from velvet_databases.stores import sa_statements as statements
from velvet_databases.stores.base import TransferHow
from velvet_databases.stores.sa_models import Account
from velvet_databases.stores.transfers import overdraft


async def add(session: AsyncSession, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft` or `NotFound`."""
    for key, change in changes:
        done = await session.execute(statements.add(key, change))
        if not getattr(done, "rowcount", 0):
            account = statements.checked(await session.get(Account, key), key)
            raise overdraft(key, account.balance_cents, -change)


async def write_back(
    session: AsyncSession, changes: list[tuple[int, int]], how: TransferHow
) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    rows = await session.scalars(statements.both(changes, how))
    found = {one.id: one for one in rows}
    for account, balance in statements.new_balances(changes, found):
        if how is not TransferHow.VERSION:
            account.balance_cents, account.version = balance, account.version + 1
            continue
        done = await session.execute(statements.put(account, balance))
        if not getattr(done, "rowcount", 0):
            raise statements.stale_account(account)
