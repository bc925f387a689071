"""What this module measures, one file a subject."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from velvet.bench import Absent
from velvet_queues import brokers, contenders
from velvet_queues.contenders import Client, Place, load
from velvet_queues.ledger import Ledger

# What a quick run measures: no server but the wheel's Redis.
QUICK = ("lease_sqlite", "huey_sqlite", "huey_redis", "dramatiq_redis")
PAIRS = {f"{name}_{broker}": (name, broker) for name, broker in contenders.pairs()}


def needs(row: str) -> tuple[str, ...]:
    """Return what a row needs: the library and the server."""
    name, broker = PAIRS[row]
    return (*filter(None, [load(name).PACKAGE]), *([] if broker == "sqlite" else [broker]))


def tier(row: str) -> str:
    """Return the smallest tier that measures a row."""
    return "quick" if row in QUICK else "default"


@contextmanager
def producer(
    row: str, profile: str = "production", concurrency: int = 2
) -> Iterator[tuple[Place, Client, Ledger]]:
    """Yield a place of its own with a connected client; everything is gone afterwards."""
    name, broker = PAIRS[row]
    if reason := contenders.missing(name):
        raise Absent(reason)
    with (
        tempfile.TemporaryDirectory(prefix="velvet-queues-") as folder,
        brokers.address(broker, folder) as url,
        Ledger(folder) as ledger,
    ):
        place = Place(name, broker, url, folder, profile, concurrency)
        client = load(name).client(place)
        try:
            yield place, client, ledger
        finally:
            client.close()
