"""Which stores there are, and which of them can be used on an address.

Libraries are imported when they are asked for: a reader who wants SQLite alone pays for nothing
else, and a missing driver is a reason in a list instead of an error at import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from velvet_databases.stores.base import Cap, Store, StoreUnavailable, Unavailable
from velvet_databases.stores.bridge import to_sync

_CLASSES = {
    "sqlite3": "raw_sqlite:RawSqlite",
    "psycopg": "raw_psycopg:RawPsycopg",
    "asyncpg": "raw_asyncpg:RawAsyncpg",
    "sqlalchemy core": "sa_core:SaCore",
    "sqlalchemy orm": "sa_orm:SaOrm",
    "sqlalchemy async": "sa_async:SaAsync",
    "django": "django_store:DjangoStore",
    "peewee": "peewee_store:PeeweeStore",
    "mongodb": "mongo_store:MongoStore",
    "redis": "redis_store:RedisStore",
}
NAMES = tuple(_CLASSES)


def registry() -> dict[str, type[Any]]:
    """Return the classes of all stores whose libraries are installed, by name.

    Those with `Cap.ASYNC` have coroutines for methods: see `make`.
    """
    found = {name: _load(name) for name in NAMES}
    return {name: loaded for name, loaded in found.items() if isinstance(loaded, type)}


def _load(name: str) -> type[Any] | Unavailable:
    module, _, attribute = _CLASSES[name].partition(":")
    try:
        loaded: type[Any] = getattr(import_module(f"{__package__}.{module}"), attribute)
    except ModuleNotFoundError as error:
        missing = (error.name or "a library").partition(".")[0]
        return Unavailable(name, f"{missing} is not installed: pip install {missing}")
    return loaded


def make(name: str) -> Store:
    """Return a store that is not open yet, with synchronous methods whatever it is.

    Raises:
        ValueError: no store has that name.
        StoreUnavailable: its library is not installed.
    """
    if name not in _CLASSES:
        raise ValueError(f"there is no store {name!r}; known are {', '.join(NAMES)}")
    loaded = _load(name)
    if isinstance(loaded, Unavailable):
        raise StoreUnavailable(loaded.reason)
    store = loaded()
    return cast(Store, to_sync(store) if Cap.ASYNC in store.capabilities else store)


def available(url: str) -> list[Store | Unavailable]:
    """Open every store on an address; those that cannot be come back with the reason.

    The caller closes the stores.

    Raises:
        StoreUnavailable: the scheme of the address is unknown to all of them.
    """
    found: list[Store | Unavailable] = []
    for name in NAMES:
        try:
            store = make(name)
            store.open(url)
        except StoreUnavailable as error:
            found.append(Unavailable(name, str(error)))
        else:
            found.append(store)
    if all("unknown URL scheme" in getattr(one, "reason", "") for one in found):
        raise StoreUnavailable(found[0].reason)  # type: ignore[union-attr]  # the line above
    return found
