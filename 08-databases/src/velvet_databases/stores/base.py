"""What every contender offers, and the errors that all of them raise.

The names are the same for a driver, an ORM and a document store, so that one benchmark, one
contract test and one dashboard drive them all. What a store cannot do it refuses with
`Unsupported` and a reason; nothing is faked. A method is described here, once; what is said of it
in a store is what that store does in another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from operator import index
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from velvet_databases.domain import Dataset, Order, OrderLine

if TYPE_CHECKING:
    from velvet_databases.sqlcapture import QueryLog


class StoreError(Exception):
    """The common parent of what stores raise."""


class NotFound(StoreError, LookupError):
    """There is no such row."""


class StaleWrite(StoreError):
    """Another writer changed the row since it was read: read it again and decide again."""


class Overdraft(StoreError, ValueError):
    """The account does not hold that much; nothing was moved."""


class Conflict(StoreError):
    """The database gave the transaction up for another one: run the whole of it again.

    SQLSTATE 40001 and 40P01 (serialization failure, deadlock), SQLite's "database is locked".
    """


class Unsupported(StoreError):
    """The store cannot do this, or it would make no sense; the message says why."""


class StoreUnavailable(StoreError):
    """The store could not be reached; the message holds cause and remedy, never a password."""


class ServerFull(StoreUnavailable):
    """The server has no connection left for us (SQLSTATE 53300)."""


class DataError(StoreError, ValueError):
    """The database refuses a value; nothing of the batch was stored.

    Attributes:
        column: ``table.column``, or an empty text where it cannot be told.
    """

    def __init__(self, message: str, column: str = "") -> None:
        super().__init__(message)
        self.column = column


class ValueOutOfRange(DataError):
    """A whole number does not fit its column."""


class Loading(Enum):
    """How the lines of many orders are fetched."""

    LAZY = "one query for each order, when its lines are touched"
    JOIN = "one query, each order repeated for each of its lines"
    SELECT_IN = "two queries, the second with all keys"


class TransferHow(Enum):
    """How money is moved when others may be moving it too."""

    READ_MODIFY_WRITE = "read both, compute here, write both: loses updates"
    ATOMIC = "UPDATE ... SET balance = balance - x WHERE balance >= x"
    FOR_UPDATE = "SELECT ... FOR UPDATE, in the order of the keys"
    VERSION = "write only if the version is still the one that was read"


@dataclass(frozen=True)
class Unavailable:
    """A store that cannot be used on an address: which one, and why."""

    name: str
    reason: str


class Store(Protocol):
    """The operations that are compared.

    An instance is used by one thread, unless its class says otherwise. An asynchronous store
    offers the same names as coroutines (and `stream_orders` as an async iterator); `SyncStore`
    gives it this face.

    Attributes:
        name: what tables call it.
        backends: the databases that the class can be opened on.
        backend: the one that it is open on: ``sqlite``, ``postgresql``, ``mongodb``, ``redis``.
    """

    name: ClassVar[str]
    backends: ClassVar[frozenset[str]]
    backend: str

    def open(self, url: str) -> None:
        """Connect; raises `StoreUnavailable` for what is unknown, missing, refused or silent."""

    def close(self) -> None:
        """Give everything back; safe to call twice."""

    def create_schema(self) -> None:
        """Make the tables of `domain.DDL`."""

    def drop_schema(self) -> None:
        """Remove them, if they are there."""

    def bulk_methods(self) -> tuple[str, ...]:
        """Return the ways in which `insert_orders` can insert, slowest first."""

    def insert_reference(self, data: Dataset) -> None:
        """Insert customers, products and accounts."""

    def insert_orders(self, data: Dataset, method: str) -> int:
        """Insert the orders and their lines in one transaction; return the number of rows.

        Raises:
            ValueError: the method is unknown.
            DataError: a value is refused; nothing was inserted.
        """

    def get_order(self, order_id: int) -> Order:
        """Return one order with its lines; raises `NotFound`."""

    def page(self, after_id: int, limit: int) -> list[Order]:
        """Return the heads of the next `limit` orders by key (keyset pagination)."""

    def orders_with_lines(self, strategy: Loading, limit: int = 100) -> list[Order]:
        """Return the first `limit` orders, each with its lines."""

    def stream_orders(self, batch: int = 1000) -> Iterator[Order]:
        """Yield the heads of all orders by key, in bounded memory.

        What is written meanwhile is committed whatever becomes of the stream.
        """

    def set_status(self, order_id: int, status: str, expected_version: int) -> None:
        """Change an order that is still at that version; raises `StaleWrite` or `NotFound`."""

    def balance(self, account_id: int) -> int:
        """Return the cents of an account; raises `NotFound`."""

    def transfer(self, source: int, target: int, cents: int, how: TransferHow) -> None:
        """Move money in one transaction.

        Raises:
            Overdraft, NotFound: nothing was moved.
            StaleWrite, Conflict: another writer was faster; nothing was moved.
            Unsupported: the backend has no such lock.
        """

    def capture(self) -> AbstractContextManager[QueryLog]:
        """Record what is sent to the database while the context is open."""


class Opened:
    """What a store or a pool has opened, and what it says before `open` and after `close`."""

    name: ClassVar[str]
    _opened: Any = None

    @property
    def opened(self) -> Any:
        """The library's own object; raises `StoreUnavailable` where there is none."""
        if self._opened is None:
            raise not_open(self.name)
        return self._opened

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.close()


def plain(order: Any, lines: Iterable[Any] = ()) -> Order:
    """Return the value of a mapper's object, with the lines given."""
    own = tuple(
        OrderLine(line.id, line.order_id, line.product_id, line.qty, line.unit_cents)
        for line in lines
    )
    return Order(order.id, order.customer_id, order.status, order.placed_at, order.version, own)


# What stores refuse, in the same words whatever the library.


def check_method(method: str, known: tuple[str, ...]) -> None:
    """Raise `ValueError` for a bulk method that is not among those of a store."""
    if method not in known:
        raise ValueError(f"unknown bulk method {method!r}; known are {', '.join(known)}")


def not_open(name: str) -> StoreUnavailable:
    """The error for a store that is used before `open` or after `close`."""
    return StoreUnavailable(f"the store {name} is not open: call open(url) first")


def no_order(order_id: int) -> NotFound:
    """The error for an order that is not there."""
    return NotFound(f"there is no order {order_id}")


def no_account(account: int) -> NotFound:
    """The error for an account that is not there."""
    return NotFound(f"there is no account {account}")


def overdraft(account: int, balance: int, cents: int) -> Overdraft:
    """The error for an account that does not hold enough."""
    return Overdraft(f"account {account} holds {balance} cents, {cents} were asked for")


def stale_order(order_id: int, version: int, expected: int) -> StaleWrite:
    """The error for an order that changed since it was read."""
    return StaleWrite(f"order {order_id} is at version {version}, expected {expected}")


def stale_account(account: int, version: int) -> StaleWrite:
    """The error for an account that changed since it was read."""
    return StaleWrite(f"account {account} is no longer at version {version}")


def moves(
    source: int, target: int, cents: int, how: TransferHow = TransferHow.ATOMIC, backend: str = ""
) -> list[tuple[int, int]]:
    """Return (account, change) by ascending key.

    Accounts are visited in this order whichever pays: two transfers in opposite directions then
    queue for the same first row instead of holding one each and waiting for the other.

    Raises:
        ValueError: the amount is not positive, or both accounts are one.
        Unsupported: the backend has no such lock.
    """
    source, target, cents = index(source), index(target), index(cents)
    if cents <= 0:
        raise ValueError(f"cents must be 1 or more, not {cents}")
    if source == target:
        raise ValueError(f"source and target are both account {source}; name two accounts")
    if how is TransferHow.FOR_UPDATE and backend == "sqlite":
        raise Unsupported("SQLite locks the whole file, never a row: it has no FOR UPDATE")
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
