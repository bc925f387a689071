"""Orders in MongoDB: one document each, with its lines inside.

A single document is changed atomically and nothing else is, unless the server is a replica set with
transactions. So the lines live in their order, and the accounts live in one ledger document, which
one update can change in two places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import pymongo

from velvet_databases.domain import Dataset, Order
from velvet_databases.sqlcapture import QueryLog
from velvet_databases.stores import base
from velvet_databases.stores.address import Address
from velvet_databases.stores.base import Loading, TransferHow, Unsupported
from velvet_databases.stores.documents import from_document, only_atomic, to_document
from velvet_databases.stores.failures import translated
from velvet_databases.stores.shared import Connected

LEDGER = "ledger"
# pymongo asks again each half second, and gives up at the end of one of its rounds.
SELECTION_MS = 2_000


class MongoStore(Connected):
    """MongoDB; thread-safe, since its client takes a pooled connection for each operation.

    Args:
        connect: makes the client; another one than pymongo's is for tests.
    """

    name: ClassVar[str] = "mongodb"
    backends: ClassVar[frozenset[str]] = frozenset({"mongodb"})
    backend = "mongodb"

    def __init__(self, connect: Callable[..., Any] = pymongo.MongoClient) -> None:
        self._make = connect

    @property
    def database(self) -> Any:
        """The database of the address, or `shop`; raises `StoreUnavailable` where there is none."""
        return self.opened[self._name]

    def _connect(self, address: Address) -> Any:
        self._name = address.parts["database"] or "shop"
        return self._make(address.url, serverSelectionTimeoutMS=SELECTION_MS)

    def _check(self) -> None:
        self.opened.admin.command("ping")

    def create_schema(self) -> None:
        """Make the index by time; collections appear with their first document."""
        self.database.orders.create_index("placed_at")

    def drop_schema(self) -> None:
        """Remove the collections, if they are there."""
        self.database.orders.drop()
        self.database.accounts.drop()

    def insert_reference(self, data: Dataset) -> None:
        """Insert the accounts; customers and products have no place of their own here."""
        balances = {str(account.id): account.balance_cents for account in data.accounts}
        with translated(self.backend, data):
            self.database.accounts.insert_one({"_id": LEDGER, "balances": balances})

    def bulk_methods(self) -> tuple[str, ...]:
        """Either way each order is atomic by itself, the batch is not."""
        return ("insert_one", "insert_many")

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders with their lines; return the number of rows they would be."""
        base.check_method(method, self.bulk_methods())
        documents = [to_document(order) for order in data.orders]
        with translated(self.backend, data):
            if method == "insert_one":
                for document in documents:
                    self.database.orders.insert_one(document)
            elif documents:
                self.database.orders.insert_many(documents)
        return data.order_rows

    def get_order(self, order_id: int) -> Order:
        found = self.database.orders.find_one({"_id": order_id})
        if found is None:
            raise base.no_order(order_id)
        return from_document(found)

    def page(self, after_id: int, limit: int) -> list[Order]:
        """Return the heads of the next orders by key; their lines stay in the server."""
        wanted = {"_id": {"$gt": after_id}}
        found = self.database.orders.find(wanted, {"lines": 0}).sort("_id", 1).limit(limit)
        return [from_document(document) for document in found]

    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        """Return the first orders with their lines, in one query."""
        if strategy is not Loading.JOIN:
            raise Unsupported(
                f"{strategy.name}: the lines are inside the document and come with it; there is "
                "nothing left to load (ask with JOIN, one query)"
            )
        found = self.database.orders.find({}).sort("_id", 1).limit(limit)
        return [from_document(document) for document in found]

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        found = self.database.orders.find({}, {"lines": 0}).sort("_id", 1)
        for document in found.batch_size(batch):
            yield from_document(document)

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version: one update with a condition."""
        done = self.database.orders.update_one(
            {"_id": order_id, "version": expected_version},
            {"$set": {"status": status}, "$inc": {"version": 1}},
        )
        if not done.matched_count:
            raise base.stale_order(order_id, self.get_order(order_id).version, expected_version)

    def balance(self, account_id: int) -> int:
        ledger = self.database.accounts.find_one({"_id": LEDGER}) or {"balances": {}}
        if str(account_id) not in ledger["balances"]:
            raise base.no_account(account_id)
        return int(ledger["balances"][str(account_id)])

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money inside the ledger, in one update."""
        base.moves(source, target, cents)
        only_atomic("MongoDB without a replica set", how)
        payer, payee = f"balances.{source}", f"balances.{target}"
        done = self.database.accounts.update_one(
            {"_id": LEDGER, payer: {"$gte": cents}, payee: {"$exists": True}},
            {"$inc": {payer: -cents, payee: cents}},
        )
        if not done.matched_count:
            self.balance(target)
            raise base.overdraft(source, self.balance(source), cents)

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Raise `Unsupported`: there is no SQL to record."""
        raise Unsupported("MongoDB is not asked in SQL: count its round trips with LatencyProxy")
