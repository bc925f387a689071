"""Accounts and transfers in SQLite.

A transfer either moves the money and writes one line of history, or changes nothing: whatever
fails. An account never falls below zero and never pays itself. The sum of all balances is constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMA = (
    "CREATE TABLE account (name TEXT PRIMARY KEY, cents INTEGER NOT NULL)",
    "CREATE TABLE history (payer TEXT, payee TEXT, cents INTEGER)",
)


def create(db: Any, accounts: Mapping[str, int]) -> None:
    """Make the tables and open the accounts."""
    for statement in SCHEMA:
        db.execute(statement)
    for name, cents in accounts.items():
        db.execute("INSERT INTO account VALUES (?, ?)", (name, cents))
    db.commit()


def balance(db: Any, name: str) -> int:
    """Return the cents of an account; KeyError when there is none."""
    row = db.execute("SELECT cents FROM account WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise KeyError(name)
    return int(row[0])


def transfer(db: Any, payer: str, payee: str, cents: int) -> bool:
    """Move cents; False when the payer has too little."""
    if cents <= 0 or payer == payee:
        raise ValueError(f"{cents} from {payer} to {payee}")
    balance(db, payee)
    if balance(db, payer) < cents:
        return False
    try:
        db.execute("UPDATE account SET cents = cents - ? WHERE name = ?", (cents, payer))
        db.execute("UPDATE account SET cents = cents + ? WHERE name = ?", (cents, payee))
        db.execute("INSERT INTO history VALUES (?, ?, ?)", (payer, payee, cents))
        db.commit()
    except Exception:
        db.rollback()
        raise
    return True
