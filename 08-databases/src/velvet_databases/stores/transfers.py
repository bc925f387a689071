"""The order in which money moves: what every way of transferring has in common.

Accounts are always visited by ascending key, whichever pays: two transfers in opposite directions
then queue for the same first row instead of holding one each and waiting for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index

from velvet_databases.stores.base import NotFound, Overdraft


def moves(source: int, target: int, cents: int) -> list[tuple[int, int]]:
    """Return (account, change) by ascending key.

    Raises:
        ValueError: the amount is not positive, or both accounts are one.
    """
    source, target, cents = index(source), index(target), index(cents)
    if cents <= 0:
        raise ValueError(f"cents must be 1 or more, not {cents}")
    if source == target:
        raise ValueError(f"source and target are both account {source}; name two accounts")
    return sorted([(source, -cents), (target, cents)])


def after(changes: list[tuple[int, int]], balances: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return (account, new balance) for balances that were read.

    Raises:
        NotFound: an account was not read, because there is none.
        Overdraft: one would go below zero.
    """
    new = []
    for account, change in changes:
        if account not in balances:
            raise no_account(account)
        if balances[account] + change < 0:
            raise overdraft(account, balances[account], -change)
        new.append((account, balances[account] + change))
    return new


def no_account(account: int) -> NotFound:
    """The error for an account that is not there."""
    return NotFound(f"there is no account {account}")


def overdraft(account: int, balance: int, cents: int) -> Overdraft:
    """The error for an account that does not hold enough."""
    return Overdraft(f"account {account} holds {balance} cents, {cents} were asked for")
