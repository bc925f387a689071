"""Fakes for the service, and one contract that fake and real adapters both pass."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from velvet_testing.contracts import GatewayContract, RepositoryContract, checks_of
from velvet_testing.doubles import FakeGateway, FakeRepository
from velvet_testing.samples.styles import fake
from velvet_testing.samples.styles.peer import Peer

for _name in dir(fake):
    if _name.startswith("test_"):
        globals()[_name] = getattr(fake, _name)


def test_the_fakes_keep_their_contracts(shop: Any) -> None:  # noqa: ARG001 - as all of them
    """Every check of both contracts."""
    for name in checks_of(RepositoryContract):
        getattr(RepositoryContract(), name)(FakeRepository)
    for name in checks_of(GatewayContract):
        getattr(GatewayContract(), name)(FakeGateway)


def test_the_sqlite_repository_keeps_the_contract(shop: Any) -> None:
    """Every check, each with a database of its own."""
    for name in checks_of(RepositoryContract):
        with closing(sqlite3.connect(":memory:")) as db:
            getattr(RepositoryContract(), name)(lambda db=db: shop.SqliteRepository(db))


def test_the_http_gateway_keeps_the_contract(shop: Any) -> None:
    """Every check, each with a peer of its own behind the transport."""
    for name in checks_of(GatewayContract):
        getattr(GatewayContract(), name)(lambda *script: shop.HttpGateway(Peer(*script).client()))
