"""The contenders: one shop behind one interface, from the bare driver to the document store.

`make("django")` gives a store by name, `available(url)` all that an address allows. The classes are
in their own files, so that importing this package loads no driver.
"""

from velvet_databases.stores.base import (
    Cap,
    Conflict,
    DataError,
    LazyLoadRefused,
    Loading,
    NotFound,
    Overdraft,
    ServerFull,
    StaleWrite,
    Store,
    StoreError,
    StoreUnavailable,
    TransferHow,
    Unavailable,
    Unsupported,
    ValueOutOfRange,
)
from velvet_databases.stores.bridge import AsyncStore, SyncStore, to_sync
from velvet_databases.stores.catalogue import NAMES, available, make, registry

__all__ = [
    "NAMES",
    "AsyncStore",
    "Cap",
    "Conflict",
    "DataError",
    "LazyLoadRefused",
    "Loading",
    "NotFound",
    "Overdraft",
    "ServerFull",
    "StaleWrite",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "SyncStore",
    "TransferHow",
    "Unavailable",
    "Unsupported",
    "ValueOutOfRange",
    "available",
    "make",
    "registry",
    "to_sync",
]
