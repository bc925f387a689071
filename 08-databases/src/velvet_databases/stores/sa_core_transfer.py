"""Transfers in SQLAlchemy Core: expressions of columns, which the server computes."""

from __future__ import annotations

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from velvet_databases.stores.base import StaleWrite, TransferHow
from velvet_databases.stores.sa_tables import ACCOUNT
from velvet_databases.stores.transfers import after, no_account, overdraft


def read(connection: Connection, account_id: int, *, locked: bool = False) -> tuple[int, int]:
    """Return balance and version of an account; raises `NotFound`."""
    wanted = select(ACCOUNT.c.balance_cents, ACCOUNT.c.version).where(ACCOUNT.c.id == account_id)
    row = connection.execute(wanted.with_for_update() if locked else wanted).one_or_none()
    if row is None:
        raise no_account(account_id)
    return row[0], row[1]


def add(connection: Connection, changes: list[tuple[int, int]]) -> None:
    """Change balances inside the server; raises `Overdraft`."""
    cents = ACCOUNT.c.balance_cents
    change_of: BindParameter[int] = bindparam("change")
    account_of: BindParameter[int] = bindparam("account")
    statement = (
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account_of, cents + change_of >= 0)
        .values(balance_cents=cents + change_of, version=ACCOUNT.c.version + 1)
    )
    for account, change in changes:
        done = connection.execute(statement, {"change": change, "account": account})
        if not done.rowcount:
            raise overdraft(account, read(connection, account)[0], -change)


def write_back(connection: Connection, changes: list[tuple[int, int]], how: TransferHow) -> None:
    """Read, compute here and write back, locked or with a version as `how` says."""
    locked = how is TransferHow.FOR_UPDATE
    found = {account: read(connection, account, locked=locked) for account, _ in changes}
    new = after(changes, {account: balance for account, (balance, _) in found.items()})
    for account, balance in new:
        version = found[account][1]
        statement = update(ACCOUNT).where(ACCOUNT.c.id == account)
        if how is TransferHow.VERSION:
            statement = statement.where(ACCOUNT.c.version == version)
        values = {"balance_cents": balance, "version": ACCOUNT.c.version + 1}
        if not connection.execute(statement.values(values)).rowcount:
            raise StaleWrite(f"account {account} is no longer at version {version}")
