"""Driver errors, whatever wraps them, become the stores' own.

Every library raises its own family and hides the driver's below it: SQLAlchemy in `orig`, Django
and Peewee in `__cause__`. What is the same in all of them is the SQLSTATE of the server, and, where
a client refuses by itself, that the rows at hand can be looked through for the culprit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from velvet_databases.domain import FOUR_BYTES, INT4, INT8, Dataset
from velvet_databases.stores.address import CONNECT_SECONDS, Address
from velvet_databases.stores.base import (
    Conflict,
    DataError,
    ServerFull,
    StoreError,
    ValueOutOfRange,
)

if TYPE_CHECKING:
    import psycopg

F = TypeVar("F", bound=Callable[..., Any])
_INFINITIES = (datetime.min, datetime.max)  # noqa: DTZ901 - the shop has no zones
_FULL = ("too many clients already", "remaining connection slots", "too many connections for")
_REFUSALS = ("DataError", "IntegrityError", "OverflowError", "CharacterNotInRepertoireError")


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [getattr(one, "orig", None), one.__cause__, one.__context__]


def sqlstate(error: BaseException) -> str:
    """Return the server's five characters, or an empty text."""
    states = (getattr(one, "sqlstate", None) for one in chain(error))
    return next((state for state in states if isinstance(state, str)), "")


def culprit(data: Dataset, backend: str) -> DataError | None:
    """Find the first value that a backend's columns cannot hold."""
    for table, items in {**data.reference, **data.ordered}.items():
        for item in items:
            for column, value in vars(item).items():
                problem = _problem(table, column, value, backend)
                if problem is not None:
                    return problem
    return None


def _problem(table: str, column: str, value: object, backend: str) -> DataError | None:
    name = f"{table}.{column}"
    if isinstance(value, int):
        size = 4 if backend == "postgresql" and column in FOUR_BYTES else 8
        most = INT4 if size == 4 else INT8
        if not -most - 1 <= value <= most:
            return ValueOutOfRange(f"{name}: {value} does not fit its {size} bytes", name)
    elif isinstance(value, str) and "\0" in value and backend == "postgresql":
        return DataError(f"{name}: PostgreSQL's text cannot hold the character NUL", name)
    return None


@contextmanager
def translated(backend: str, data: Dataset | None = None) -> Iterator[None]:
    """Raise what a driver or an ORM raises inside as the stores' own errors.

    Raises:
        Conflict: the transaction was given up by the database.
        DataError: a value was refused; `column` names it where `data` shows which.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        own = _own(error, backend, data)
        if own is None:
            raise
        raise own from error


def reading(method: F) -> F:
    """Let a method or coroutine method raise what it meets as the stores' own errors."""

    @wraps(method)
    def read(self: Any, *args: Any, **options: Any) -> Any:
        with translated(self.backend):
            return method(self, *args, **options)

    @wraps(method)
    async def read_later(self: Any, *args: Any, **options: Any) -> Any:
        with translated(self.backend):
            return await method(self, *args, **options)

    return cast(F, read_later if inspect.iscoroutinefunction(method) else read)


def refuse_infinities(data: Dataset) -> None:
    """Refuse the two moments that asyncpg would store as -infinity and infinity.

    Raises:
        DataError: an order was placed at `datetime.min` or `datetime.max`.
    """
    for order in data.orders:
        if order.placed_at in _INFINITIES:
            raise DataError(
                f"orders.placed_at: asyncpg stores {order.placed_at} as an infinity; any other "
                "moment is stored as it is",
                "orders.placed_at",
            )


def _own(error: BaseException, backend: str, data: Dataset | None) -> StoreError | None:
    state, words = sqlstate(error), str(error)
    if state in ("40001", "40P01") or "database is locked" in words:
        return Conflict(f"run the transaction again: {words}")
    names = {type(one).__name__ for one in chain(error)}
    if state[:2] in ("22", "23") or names.intersection(_REFUSALS):
        found = culprit(data, backend) if data else None
        return found or DataError(f"refused by the database: {words}")
    return None


@contextmanager
def connecting(address: Address) -> Iterator[None]:
    """Raise what goes wrong while connecting as `StoreUnavailable` or `ServerFull`."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is not there
        texts = " ".join(str(one) for one in chain(error))
        if sqlstate(error) == "53300" or any(words in texts for words in _FULL):
            raise ServerFull(
                f"{address.shown}: every connection is taken; close some, use a pool, or raise "
                "max_connections"
            ) from None
        raise address.unavailable(error) from None


def connect(address: Address, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Open one connection of psycopg in autocommit mode; raises as `connecting`."""
    import psycopg  # which the stores of other servers do without

    with connecting(address):
        return psycopg.connect(
            address.url, autocommit=True, connect_timeout=CONNECT_SECONDS, **options
        )
