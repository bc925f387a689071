"""Run a transaction again when the database asks for it, and only then.

A serialization failure or a deadlock is not a bug: the database gave one transaction up so that the
others stay right, and expects it to come again. All of it has to be repeated, reads included, which
is why the unit is a function. The pauses are drawn from the whole interval ("full jitter"), so that
two who collided do not collide again. Sources: PostgreSQL manual, "Serialization Failure Handling";
M. Brooker, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Collection
from typing import TypeVar

from velvet_databases.stores.failures import chain, sqlstate

T = TypeVar("T")
RETRYABLE = frozenset({"40001", "40P01"})


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error or of what it wraps; for SQLite its result code by name."""
    for one in chain(error):
        if isinstance(one, sqlite3.Error):
            name: str | None = getattr(one, "sqlite_errorname", None)
            # Python 3.10 gives no name; its text does not tell a stale snapshot from a lock.
            return name or ("SQLITE_BUSY" if "locked" in str(one) else "SQLITE_ERROR")
    return sqlstate(error)


def retry_tx(
    fn: Callable[[], T],
    on: Collection[str] = RETRYABLE,
    attempts: int = 5,
    base: float = 0.01,
    cap: float = 0.5,
    rng: random.Random | None = None,
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Call `fn` until it succeeds, fails with something else, or has failed `attempts` times.

    Args:
        fn: one whole transaction, from BEGIN to COMMIT; it rolls back before it raises.
        on: SQLSTATEs worth another attempt. Others are raised at once.
        base: the pause before attempt n+1 is drawn from 0 to base * 2**(n-1) seconds ...
        cap: ... but never from more than this.

    Returns what `fn` returns. Thread-safe if `fn` is.

    Raises:
        ValueError: `attempts` below 1, or a negative time.
        BaseException: the last error of `fn`, with the number of calls in its `attempts`.
    """
    if not attempts >= 1:
        raise ValueError(f"attempts must be 1 or more, not {attempts}")
    for name, seconds in (("base", base), ("cap", cap)):
        if not seconds >= 0.0:
            raise ValueError(f"{name} must be seconds >= 0, not {seconds!r}")
    source = rng or random.Random()
    attempt = 0
    while True:
        attempt += 1
        try:
            return fn()
        except Exception as error:
            if attempt >= attempts or state_of(error) not in on:
                error.attempts = attempt  # type: ignore[attr-defined]
                raise
        # 2.0 ** 1024 would overflow, and no cap is reached so late.
        sleep(source.uniform(0.0, min(cap, base * 2.0 ** min(attempt - 1, 100))))
