"""What every contender offers, and the errors that all of them raise.

The names are the same for a driver, an ORM and a document store, so that one benchmark, one
contract test and one dashboard drive them all. What a store cannot do it refuses with
`Unsupported` and a reason; nothing is faked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Protocol

from velvet_databases.domain import Dataset, Order

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


class LazyLoadRefused(StoreError):
    """Something that was not loaded was touched, where lazy loading is forbidden."""


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


class Cap(Enum):
    """What a store can do beyond the common operations."""

    ORM = "maps rows to objects"
    ASYNC = "its methods are coroutines"
    BULK_COPY = "speaks PostgreSQL's COPY"
    UNIT_OF_WORK = "collects changes and flushes them together"
    IDENTITY_MAP = "one object for one row"
    SERVER_CURSOR = "streams a result without holding it"


class Loading(Enum):
    """How the lines of many orders are fetched."""

    LAZY = "one query for each order, when its lines are touched"
    JOIN = "one query, each order repeated for each of its lines"
    SELECT_IN = "two queries, the second with all keys"
    RAISE = "touching lines that were not loaded is an error"


class TransferHow(Enum):
    """How money is moved when others may be moving it too."""

    READ_MODIFY_WRITE = "read both, compute here, write both: loses updates"
    ATOMIC = "UPDATE ... SET balance = balance - x WHERE balance >= x"
    FOR_UPDATE = "SELECT ... FOR UPDATE, in the order of the keys"
    VERSION = "write only if the version is still the one that was read"

    @property
    def safe(self) -> bool:
        """Whether it claims to lose nothing under concurrency, at READ COMMITTED and above."""
        return self is not TransferHow.READ_MODIFY_WRITE


@dataclass(frozen=True)
class Unavailable:
    """A store that cannot be used on an address: which one, and why."""

    name: str
    reason: str


class Store(Protocol):
    """The operations that are compared.

    An instance is used by one thread, unless its class says otherwise. A store with `Cap.ASYNC`
    offers the same names as coroutines (and `stream_orders` as an async iterator); `to_sync`
    gives it this face.

    Attributes:
        name: what tables call it.
        backends: the databases that the class can be opened on.
        backend: the one that it is open on: ``sqlite``, ``postgresql``, ``mongodb``, ``redis``.
        capabilities: on this backend.
    """

    name: ClassVar[str]
    backends: ClassVar[frozenset[str]]
    backend: str

    @property
    def capabilities(self) -> frozenset[Cap]: ...
    def open(self, url: str) -> None:
        """Connect.

        Raises:
            StoreUnavailable: unknown scheme, missing driver, refused or unanswered connection.
        """

    def close(self) -> None:
        """Give everything back; safe to call twice."""

    def create_schema(self) -> None:
        """Make the tables of `domain.DDL`."""

    def drop_schema(self) -> None:
        """Remove them, if they are there."""

    def bulk_methods(self) -> tuple[str, ...]:
        """The ways in which `insert_orders` can insert, slowest first."""

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
        """Yield the heads of all orders by key; with `Cap.SERVER_CURSOR` in bounded memory."""

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


def check_method(method: str, known: tuple[str, ...]) -> None:
    """Refuse an unknown bulk method.

    Raises:
        ValueError: it is not among those of the store.
    """
    if method not in known:
        raise ValueError(f"unknown bulk method {method!r}; known are {', '.join(known)}")


def not_open(name: str) -> StoreUnavailable:
    """The error for a store that is used before `open` or after `close`."""
    return StoreUnavailable(f"the store {name} is not open: call open(url) first")
