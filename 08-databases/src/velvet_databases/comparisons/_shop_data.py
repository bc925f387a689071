"""What the comparisons of stores share: a server's address, fresh databases, prepared rows."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from velvet_databases.domain import Dataset, generate
from velvet_databases.stores import make

NO_FSYNC = "fsync=off where the toolkit starts the server"


@contextmanager
def postgres_database() -> Iterator[str]:
    """Make a database in the run's server, give its address and drop it."""
    import psycopg

    server = os.environ["VELVET_POSTGRES_URL"]
    name = f"velvet_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@contextmanager
def sqlite_database() -> Iterator[str]:
    """Give the address of a file that is removed afterwards."""
    # A connection that another thread holds open keeps the file on Windows.
    with tempfile.TemporaryDirectory(
        prefix="velvet-databases-", ignore_cleanup_errors=True
    ) as folder:
        yield f"sqlite:///{(Path(folder) / 'shop.db').as_posix()}"


@contextmanager
def opened(name: str, url: str) -> Iterator[Any]:
    """Open a store by name and close it."""
    store = make(name)
    store.open(url)
    try:
        yield store
    finally:
        store.close()


def orders_only(count: int) -> Dataset:
    """Orders without lines, so that one table of five columns is filled."""
    return generate(count, lines_per_order=0)
