"""Autospec: mocks that know the signatures of what they stand for, asserted call by call."""

from __future__ import annotations

import sqlite3
from typing import Any
from unittest.mock import Mock, create_autospec

import httpx

from velvet_testing.doubles import (
    Declined,
    FakeGateway,
    FakeMailer,
    FakeRepository,
    GatewayTimeout,
    Order,
)
from velvet_testing.kit import raises

ORDER = Order("a", "Ann", 100)
# Made once: a spec of a large class takes a hundred times as long as everything else here.
CLIENT = create_autospec(httpx.Client, instance=True)
DB = create_autospec(sqlite3.Connection, instance=True)


def _shop(shop: Any) -> tuple[Any, Any, Any, Any]:
    repository = create_autospec(FakeRepository, instance=True)
    gateway = create_autospec(FakeGateway, instance=True)
    mailer = create_autospec(FakeMailer, instance=True)
    repository.get.return_value = ORDER
    gateway.charge.return_value = "r-1"
    return shop.Shop(repository, gateway, mailer, lambda: 7.0), repository, gateway, mailer


def test_place_adds_the_order(shop: Any) -> None:
    """Add is called, positionally or by keyword."""
    one, repository, _, _ = _shop(shop)
    one.place("a", "Ann", 100)
    repository.add.assert_called_once_with(ORDER)


def test_place_refuses_nothing_to_pay(shop: Any) -> None:
    """Add is not called."""
    one, repository, _, _ = _shop(shop)
    assert raises(ValueError, one.place, "a", "Ann", 0)
    repository.add.assert_not_called()


def test_pay_charges_saves_and_mails(shop: Any) -> None:
    """Each is called once."""
    one, repository, gateway, mailer = _shop(shop)
    one.pay("a")
    repository.get.assert_called_once_with("a")
    gateway.charge.assert_called_once_with("order-a", 100)
    repository.save.assert_called_once_with(Order("a", "Ann", 100, "paid", "r-1", 7.0))
    mailer.send.assert_called_once_with("Ann", "Paid: 100")


def test_pay_tries_three_times(shop: Any) -> None:
    """Charge is called three times."""
    one, _, gateway, _ = _shop(shop)
    gateway.charge.side_effect = GatewayTimeout
    assert raises(GatewayTimeout, one.pay, "a")
    assert gateway.charge.call_count == 3


def test_a_refusal_changes_nothing(shop: Any) -> None:
    """Save and send are not called."""
    one, repository, gateway, mailer = _shop(shop)
    gateway.charge.side_effect = Declined
    assert raises(Declined, one.pay, "a")
    repository.save.assert_not_called()
    mailer.send.assert_not_called()


def test_cancel_refunds(shop: Any) -> None:
    """Refund is called."""
    one, repository, gateway, _ = _shop(shop)
    repository.get.return_value = Order("a", "Ann", 100, "paid", "r-1", 7.0)
    one.cancel("a")
    gateway.refund.assert_called_once()


def test_owed_sums_what_is_new(shop: Any) -> None:
    """Two orders."""
    one, repository, _, _ = _shop(shop)
    repository.of.return_value = [ORDER, Order("b", "Ann", 50, "paid")]
    assert one.owed("Ann") == 100


def test_the_repository_reads_a_row(shop: Any) -> None:
    """A cursor with one row."""
    DB.execute.return_value = Mock(fetchone=lambda: ("a", "Ann", 100, "new", "", 0.0))
    assert shop.SqliteRepository(DB).get("a") == ORDER


def test_the_gateway_posts(shop: Any) -> None:
    """Post is called once."""
    client = CLIENT
    client.post.reset_mock(side_effect=True)
    client.post.return_value = httpx.Response(200, json={"receipt": "r-1"})
    assert shop.HttpGateway(client).charge("k", 100) == "r-1"
    client.post.assert_called_once()
    client.post.side_effect = httpx.ReadTimeout("slow")
    assert raises(GatewayTimeout, shop.HttpGateway(client).charge, "k", 100)
