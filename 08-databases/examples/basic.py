"""Basic examples: the same query through every layer, transactions, and N+1 queries.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import sqlite3
import tempfile
import textwrap
import timeit
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, raiseload, selectinload

from velvet import services
from velvet.examples import example, main
from velvet_databases.domain import generate
from velvet_databases.nplusone import Detector
from velvet_databases.sqlcapture import capture
from velvet_databases.stores import Overdraft, TransferHow, Unavailable, available, make
from velvet_databases.stores.floor import RawSqlite
from velvet_databases.stores.sa_models import Order
from velvet_databases.stores.sa_orm import SaOrm


@contextmanager
def sqlite_shop(store: Any, orders: int) -> Iterator[Any]:
    """Open a store on a fresh SQLite file with some orders of three lines each."""
    data = generate(orders)
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        store.open(f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}")
        try:
            store.create_schema()
            store.insert_reference(data)
            store.insert_orders(data, store.bulk_methods()[-1])
            yield store
        finally:
            store.close()


@example("layers")
def layers() -> None:
    """One page of 100 orders through every store: what each library sends, and what it takes.

    The page is read by key, `WHERE id > ? ORDER BY id LIMIT ?`; the objects are the same values
    whoever reads them, so what differs is the way there. Best of five rounds.
    """
    from velvet_databases.services import fresh_database

    def show(url: str, floor: str) -> None:
        data = generate(1_000)
        seeder = make(floor)
        with closing(seeder):
            seeder.open(url)
            seeder.create_schema()
            seeder.insert_reference(data)
            seeder.insert_orders(data, "executemany")
        for store in available(url):
            if isinstance(store, Unavailable):
                continue  # it speaks to another kind of server
            with closing(store):
                with store.capture() as log:
                    orders = store.page(0, 100)
                rounds = timeit.repeat(lambda one=store: one.page(400, 100), number=4, repeat=5)
                print(f"{store.name:16} {min(rounds) / 4 * 1e3:6.2f} ms {len(orders):4} objects")
                for statement in log:
                    sent = " ".join(statement.sql.split())
                    print(textwrap.indent(textwrap.fill(sent, 74), "    "))

    print("SQLite")
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        show(f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}", "sqlite3")
    try:
        with fresh_database() as url:
            print("\nPostgreSQL")
            show(url, "psycopg")
    except services.ServiceUnavailable as error:
        print(textwrap.fill(f"skipped PostgreSQL: {error}", 78))


@example("transactions")
def transactions() -> None:
    """Commit, rollback and savepoint move money or do not; `with` means two things in two drivers."""
    from velvet_databases.services import fresh_database

    def balances() -> str:
        return " ".join(f"{store.balance(key) / 100:,.2f}" for key in (1, 2))

    take = "UPDATE account SET balance_cents = balance_cents - ? WHERE id = 1"
    with sqlite_shop(RawSqlite(), orders=1) as store:
        path = store.connection.execute("PRAGMA database_list").fetchone()[2]
        print("before:                     ", balances())
        store.transfer(1, 2, 25_000, TransferHow.ATOMIC)
        print("250.00 moved, committed:    ", balances())
        try:
            store.transfer(1, 2, 90_000, TransferHow.ATOMIC)
        except Overdraft as error:
            print("900.00 refused, rolled back:", balances())
            print(f"    {error}")
        for words in ("BEGIN", take, "SAVEPOINT fee", take, "ROLLBACK TO fee", "COMMIT"):
            store.connection.execute(words, (5_000,) if words == take else ())
        print("two fees, one to savepoint: ", balances())

        with sqlite3.connect(path) as connection:
            connection.execute(take, (100,))
        print("\nafter `with` sqlite3 has committed:", balances())
        print("and is open still:", connection.execute("SELECT 'it answers'").fetchone()[0])
        connection.close()
    try:
        with fresh_database() as url:
            with psycopg.connect(url) as postgres:
                postgres.execute("SELECT 1")
            print("after `with` psycopg has committed and closed:", postgres.closed)
            with psycopg.connect(url) as postgres:
                for words in ("SELECT 1 / 0", "SELECT 1"):
                    try:
                        postgres.execute(words)
                    except psycopg.Error as error:
                        print(f"{words}: {str(error).partition(',')[0]}")
                postgres.rollback()
    except services.ServiceUnavailable as error:
        print(textwrap.fill(f"skipped PostgreSQL: {error}", 78))


@example("find_n_plus_one")
def find_n_plus_one() -> None:
    """A page that reads 100 orders lazily is caught with its line and a fix, which is then pasted.

    The detector counts loads of one relation by rows of one result. On SQLite they cost little;
    what they cost where the database is farther away is arithmetic.
    """

    def page(query: Any) -> int:
        with Session(store.engine) as session:
            orders = session.scalars(query)
            return sum(line.qty for order in orders for line in order.lines)

    with sqlite_shop(SaOrm(), orders=100) as store:
        with Detector() as detector, capture(store.engine) as log:
            pieces = page(select(Order))
        (finding,) = detector.findings
        print(f"lazy: {len(log)} queries, {pieces} pieces\n{finding}\n")
        for shape, sent in log.by_fingerprint().items():
            print(f"{len(sent):4} x {shape[:72]}")
        for rtt_ms in (1, 5):
            print(f"{rtt_ms} ms away the fix saves {finding.est_saving_ms(rtt_ms):.0f} ms a page")

        # The fix, pasted. In mode "raise" a second lazy load would be an exception here.
        fixed = select(Order).options(selectinload(Order.lines))
        with Detector(mode="raise") as detector, capture(store.engine) as log:
            same = page(fixed) == pieces
        found = len(detector.findings)
        print(f"\nfixed: {found} findings, {len(log)} queries, same pieces: {same}")

        # So that it stays fixed: code that forgets the option fails instead of being slow.
        try:
            page(select(Order).options(raiseload(Order.lines)))
        except InvalidRequestError as error:
            print(f"raiseload: {error}")


if __name__ == "__main__":
    main()
