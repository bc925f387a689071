"""The kit of `ledger`: a real SQLite in memory, and one whose n-th statement fails."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit, Machine

START = {"a": 100, "b": 50, "c": 0}


class DiskFull(Exception):
    """What the database answers at the chosen statement."""


class _Failing:
    """A connection whose n-th call fails."""

    def __init__(self, db: sqlite3.Connection, n: int) -> None:
        self.db, self.left = db, n

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise DiskFull

    def execute(self, *args: Any) -> Any:
        self._count()
        return self.db.execute(*args)

    def commit(self) -> None:
        self._count()
        self.db.commit()

    def rollback(self) -> None:
        self.db.rollback()


def seen(db: Any) -> Any:
    """Return balances and the number of history lines, as another reader sees them."""
    db.rollback()
    accounts = dict(db.execute("SELECT name, cents FROM account").fetchall())
    return accounts, db.execute("SELECT count(*) FROM history").fetchone()[0]


class _Real:
    def __init__(self, m: Any) -> None:
        self.m = m
        self.db = sqlite3.connect(":memory:")
        m.create(self.db, START)

    def transfer(self, payer: str, payee: str, cents: int) -> Any:
        return self.m.transfer(self.db, payer, payee, cents)

    def balance(self, name: str) -> Any:
        return self.m.balance(self.db, name)

    def books(self) -> Any:
        return seen(self.db)

    def close(self) -> None:
        self.db.close()


class _Model:
    def __init__(self) -> None:
        self.accounts, self.lines = dict(START), 0

    def transfer(self, payer: str, payee: str, cents: int) -> bool:
        if cents < 1 or payer == payee:
            raise ValueError
        if payee not in self.accounts or payer not in self.accounts:
            raise KeyError
        if self.accounts[payer] < cents:
            return False
        self.accounts[payer] -= cents
        self.accounts[payee] += cents
        self.lines += 1
        return True

    def balance(self, name: str) -> int:
        return self.accounts[name]

    def books(self) -> Any:
        return dict(self.accounts), self.lines


def books_after(m: Any, script: str) -> Any:
    """Return the answers to a script, its connection closed."""
    from velvet_testing.kit import play

    world = _Real(m)
    with closing(world.db):
        return play(world, script)


def fault(m: Any, n: int) -> bool:
    """Fail the n-th statement of a transfer; nothing may have changed."""
    with closing(sqlite3.connect(":memory:")) as db:
        m.create(db, START)
        before = seen(db)
        try:
            m.transfer(_Failing(db, n), "a", "b", 30)
        except DiskFull:
            assert not db.in_transaction, f"statement {n} fails: a transaction stays open"
            assert seen(db) == before, f"statement {n} fails: {seen(db)}"
            return True
        changed = seen(db)
        assert changed[0]["b"] == 80 or changed == before
        return False


def all_or_nothing(m: Any) -> bool:
    """Fail each statement in turn; True when nothing is ever half done."""
    n = 1
    while fault(m, n):
        n += 1
    return True


def _check(m: Any, x: Any) -> None:
    payer, payee, cents = x
    with closing(sqlite3.connect(":memory:")) as db:
        m.create(db, START)
        done = m.transfer(db, payer, payee, cents)
        accounts, lines = seen(db)
        assert sum(accounts.values()) == sum(START.values())
        assert min(accounts.values()) >= 0
        assert lines == done == (cents <= START[payer])


_name = st.sampled_from("abcx")
KIT = Kit(
    happy=('books(program, "transfer a b 30; balance a; balance b") == [True, 70, 80]',),
    edges=(
        'books(program, "transfer a b 99; balance a")[1] == 1',
        'books(program, "transfer a b 100; balance a") == [True, 0]',
        'books(program, "transfer a b 101; balance a") == [False, 100]',
        'books(program, "transfer a b 0; transfer a b -1") == ["ValueError"] * 2',
        'books(program, "transfer a x 1; transfer x a 1") == ["KeyError"] * 2',
        'books(program, "transfer a b 1; books")[1][1] == 1',
    ),
    contract=(
        'books(program, "transfer a a 1") == ["ValueError"]',
        'books(program, "transfer a b 100; books")[1] == ({"a": 0, "b": 150, "c": 0}, 1)',
    ),
    snapshot=('books(program, "transfer a b 30; transfer b c 80; books")',),
    tools={"books": books_after, "all_or_nothing": all_or_nothing},
    inputs=st.permutations("abc").flatmap(
        lambda names: st.tuples(st.just(names[0]), st.just(names[1]), st.integers(1, 150))
    ),
    check=_check,
    machine=Machine(
        {
            "transfer": (_name, _name, st.integers(-1, 120)),
            "balance": (_name,),
            "books": (),
        },
        _Real,
        _Model,
    ),
    fault=fault,
)
