"""Basic examples: the same query through every layer, transactions, and N+1 queries.

Every example is one function to be read from top to bottom; run one of them with
`python examples/basic.py NAME`. Without a server each runs its SQLite part and says what it skipped.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session, raiseload, selectinload

from velvet.examples import example, main
from velvet_databases.domain import generate
from velvet_databases.nplusone import Detector
from velvet_databases.sqlcapture import capture
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
