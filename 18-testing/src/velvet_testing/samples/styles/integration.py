"""Integration: the service on SQLite, and a peer behind a real socket on loopback."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from velvet_testing.doubles import Declined, DuplicateOrder, FakeClock, FakeMailer, GatewayTimeout
from velvet_testing.kit import raises
from velvet_testing.samples.styles.peer import Peer, served


@contextmanager
def world(shop: Any, *script: str) -> Iterator[tuple[Any, Any, Peer, FakeMailer]]:
    """Yield a shop with one order of a euro, its repository, its peer and its mailer."""
    peer, mailer = Peer(*script), FakeMailer()
    with closing(sqlite3.connect(":memory:")) as db, served(peer) as client:
        repository = shop.SqliteRepository(db)
        one = shop.Shop(repository, shop.HttpGateway(client), mailer, FakeClock(7.0))
        one.place("a", "Ann", 100)
        yield one, repository, peer, mailer


def test_place_and_owe(shop: Any) -> None:
    """Orders are there once, and owed."""
    with world(shop) as (one, repository, _, _):
        one.place("b", "Ann", 50)
        assert one.owed("Ann") == 150
        assert raises(DuplicateOrder, one.place, "a", "Bob", 1)
        assert raises(ValueError, one.place, "c", "Ann", 0)
        assert raises(KeyError, one.pay, "x")
        assert [order.id for order in repository.of("Ann")] == ["a", "b"]


def test_pay_twice_charges_and_mails_once(shop: Any) -> None:
    """The money moved once."""
    with world(shop) as (one, repository, peer, mailer):
        one.pay("a")
        one.pay("a")
        assert (repository.get("a").state, repository.get("a").paid_at) == ("paid", 7.0)
        assert len(peer.books.charged) == 1
        assert mailer.sent == [("Ann", "Paid: 100")]


def test_a_slow_peer_charges_once(shop: Any) -> None:
    """A time-out after the money moved; then the receipt."""
    with world(shop, "slow", "slow") as (one, repository, peer, _):
        one.pay("a")
        assert repository.get("a").state == "paid"
        assert len(peer.books.charged) == 1


def test_a_silent_or_refusing_peer_changes_nothing(shop: Any) -> None:
    """The order stays new."""
    for error, script in ((GatewayTimeout, ["timeout"] * 3), (Declined, ["declined"])):
        with world(shop, *script) as (one, repository, _, mailer):
            assert raises(error, one.pay, "a")
            assert (repository.get("a").state, mailer.sent) == ("new", [])


def test_cancel_refunds(shop: Any) -> None:
    """The money is back, and nothing is owed."""
    with world(shop) as (one, repository, peer, _):
        one.pay("a")
        one.cancel("a")
        assert (repository.get("a").state, peer.books.charged, one.owed("Ann")) == (
            "cancelled",
            {},
            0,
        )
