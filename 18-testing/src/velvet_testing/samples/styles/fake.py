"""Fakes: the service against working doubles, asserted by what came out."""

from __future__ import annotations

from typing import Any

from velvet_testing.doubles import (
    Declined,
    FakeClock,
    FakeGateway,
    FakeMailer,
    FakeRepository,
    GatewayTimeout,
)
from velvet_testing.kit import raises


def world(shop: Any, *script: str) -> tuple[Any, FakeRepository, FakeGateway, FakeMailer]:
    """Return a shop with one order of a euro, and its doubles."""
    repository, gateway, mailer = FakeRepository(), FakeGateway(*script), FakeMailer()
    one = shop.Shop(repository, gateway, mailer, FakeClock(7.0))
    one.place("a", "Ann", 100)
    return one, repository, gateway, mailer


def test_place_keeps_the_order(shop: Any) -> None:
    """The order is there, and owed."""
    one, repository, _, _ = world(shop)
    assert repository.get("a").state == "new"
    assert one.owed("Ann") == 100


def test_place_refuses_nothing_to_pay(shop: Any) -> None:
    """No order is there."""
    one, repository, _, _ = world(shop)
    assert raises(ValueError, one.place, "b", "Ann", 0)
    assert raises(KeyError, repository.get, "b")


def test_pay_charges_saves_and_mails(shop: Any) -> None:
    """The order is paid, the money moved, the mail sent."""
    one, repository, gateway, mailer = world(shop)
    one.pay("a")
    order = repository.get("a")
    assert (order.state, order.paid_at, one.owed("Ann")) == ("paid", 7.0, 0)
    assert list(gateway.charged.values()) == [100]
    assert mailer.sent == [("Ann", "Paid: 100")]


def test_pay_twice_charges_and_mails_once(shop: Any) -> None:
    """The second call does nothing."""
    one, _, gateway, mailer = world(shop)
    one.pay("a")
    one.pay("a")
    assert len(gateway.charged) == len(mailer.sent) == 1


def test_a_slow_gateway_charges_once(shop: Any) -> None:
    """Two time-outs after the money moved; then the receipt."""
    one, repository, gateway, _ = world(shop, "slow", "slow")
    one.pay("a")
    assert repository.get("a").state == "paid"
    assert len(gateway.charged) == 1


def test_pay_gives_up(shop: Any) -> None:
    """Three time-outs."""
    one, repository, _, mailer = world(shop, "timeout", "timeout", "timeout")
    assert raises(GatewayTimeout, one.pay, "a")
    assert (repository.get("a").state, mailer.sent) == ("new", [])


def test_a_refusal_changes_nothing(shop: Any) -> None:
    """The order stays new."""
    one, repository, _, mailer = world(shop, "declined")
    assert raises(Declined, one.pay, "a")
    assert (repository.get("a").state, mailer.sent) == ("new", [])


def test_cancel_refunds(shop: Any) -> None:
    """The money is back, and nothing is owed."""
    one, repository, gateway, _ = world(shop)
    one.pay("a")
    one.cancel("a")
    assert (repository.get("a").state, gateway.charged, one.owed("Ann")) == ("cancelled", {}, 0)
    assert len(gateway.refunded) == 1
