"""The contenders: one shop behind one interface, from the bare driver to the document store.

`make("django")` gives a store by name, `available(url)` all that an address allows. The classes are
in their own files, so that importing this package loads no driver.
"""

from velvet_databases.stores.base import (
    Conflict,
    DataError,
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
from velvet_databases.stores.catalogue import NAMES, SyncStore, available, make

__all__ = [
    "NAMES",
    "Conflict",
    "DataError",
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
]
