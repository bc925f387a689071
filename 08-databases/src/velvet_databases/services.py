"""A PostgreSQL database of one's own in whatever server the toolkit's ladder gives."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg

from velvet import services


@contextmanager
def fresh_database() -> Iterator[str]:
    """Start or find a server, make a database with a random name, and drop it at the end.

    Raises:
        ServiceUnavailable: no rung of the ladder gives a server; says what would.
    """
    with services.postgres() as server:
        name = f"velvet_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield urlunsplit(urlsplit(server.url)._replace(path=f"/{name}"))
        finally:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
