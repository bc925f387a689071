"""How SQLAlchemy's stores connect: the driver named in the address, SQLite set up alike.

Plain `postgresql://` means psycopg2 in SQLAlchemy 2.0 and psycopg in 2.1, so the driver is always
spelled out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.engine import make_url

from velvet_databases.stores.address import BUSY_SECONDS, CONNECT_SECONDS, PRAGMAS, Address
from velvet_databases.stores.failures import connecting

BACKENDS = frozenset({"sqlite", "postgresql"})
DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
ASYNC_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
_TIMEOUTS = {
    "pysqlite": {"timeout": BUSY_SECONDS},
    "aiosqlite": {"timeout": BUSY_SECONDS},
    "psycopg": {"connect_timeout": CONNECT_SECONDS},
}


def engine_arguments(address: Address, drivers: dict[str, str]) -> tuple[Any, dict[str, Any]]:
    """Return the address and the options that `create_engine` takes."""
    driver = drivers[address.backend]
    if driver == "asyncpg":
        return "postgresql+asyncpg://", {"async_creator": partial(_asyncpg, address)}
    return make_url(address.with_driver(driver)), {"connect_args": _TIMEOUTS[driver]}


async def _asyncpg(address: Address) -> Any:
    # SQLAlchemy makes keywords of an address's settings, which asyncpg refuses; its own reader
    # takes them as libpq does.
    import asyncpg  # type: ignore[import-untyped]

    return await asyncpg.connect(address.for_asyncpg, timeout=CONNECT_SECONDS)


def set_up_sqlite(engine: Engine, address: Address) -> None:
    """Let every new connection to SQLite begin with the pragmas of all stores."""
    if address.backend != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def begin(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma, value in PRAGMAS.items():
            cursor.execute(f"PRAGMA {pragma} = {value}")
        cursor.close()


def connect(address: Address) -> Engine:
    """Make an engine whose first connection has answered.

    Raises:
        StoreUnavailable: it has not.
    """
    url, options = engine_arguments(address, DRIVERS)
    with connecting(address):
        engine = create_engine(url, **options)
        set_up_sqlite(engine, address)
        try:
            with engine.connect() as connection:
                connection.execute(select(1))
        except BaseException:
            engine.dispose()
            raise
    return engine
