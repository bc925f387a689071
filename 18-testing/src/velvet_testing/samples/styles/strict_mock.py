"""Strict mocks: every collaborator is a Mock, every call is asserted as it is written today."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, call

import httpx

from velvet_testing.doubles import Declined, GatewayTimeout, Order
from velvet_testing.kit import raises

ORDER = Order("a", "Ann", 100)


def _shop(shop: Any) -> tuple[Any, Mock, Mock, Mock]:
    repository, gateway, mailer = Mock(), Mock(), Mock()
    repository.get.return_value = ORDER
    gateway.charge.return_value = "r-1"
    return shop.Shop(repository, gateway, mailer, lambda: 7.0), repository, gateway, mailer


def test_place_adds_the_order(shop: Any) -> None:
    """One call of add."""
    one, repository, _, _ = _shop(shop)
    one.place("a", "Ann", 100)
    assert repository.mock_calls == [call.add(ORDER)]
    assert one._repository is repository


def test_place_refuses_nothing_to_pay(shop: Any) -> None:
    """No call."""
    one, repository, _, _ = _shop(shop)
    assert raises(ValueError, one.place, "a", "Ann", 0)
    assert repository.mock_calls == []


def test_pay_charges_saves_and_mails(shop: Any) -> None:
    """Every call in its order."""
    one, repository, gateway, mailer = _shop(shop)
    one.pay("a")
    paid = Order("a", "Ann", 100, "paid", "r-1", 7.0)
    assert repository.mock_calls == [call.get("a"), call.save(paid)]
    assert gateway.mock_calls == [call.charge("order-a", 100)]
    assert mailer.mock_calls == [call.send("Ann", "Paid: 100")]


def test_pay_tries_three_times(shop: Any) -> None:
    """Three calls of charge."""
    one, _, gateway, _ = _shop(shop)
    gateway.charge.side_effect = GatewayTimeout
    assert raises(GatewayTimeout, one.pay, "a")
    assert gateway.mock_calls == [call.charge("order-a", 100)] * 3


def test_a_refusal_changes_nothing(shop: Any) -> None:
    """Only get is called."""
    one, repository, gateway, mailer = _shop(shop)
    gateway.charge.side_effect = Declined
    assert raises(Declined, one.pay, "a")
    assert repository.mock_calls == [call.get("a")]
    assert mailer.mock_calls == []


def test_cancel_refunds(shop: Any) -> None:
    """One call of refund."""
    one, repository, gateway, _ = _shop(shop)
    repository.get.return_value = Order("a", "Ann", 100, "paid", "r-1", 7.0)
    one.cancel("a")
    assert gateway.mock_calls == [call.refund("r-1")]


def test_owed_sums_what_is_new(shop: Any) -> None:
    """Two orders."""
    one, repository, _, _ = _shop(shop)
    repository.of.return_value = [ORDER, Order("b", "Ann", 50, "paid")]
    assert one.owed("Ann") == 100
    assert repository.mock_calls == [call.of("Ann")]


def test_the_repository_selects_and_replaces(shop: Any) -> None:
    """The SQL as it is."""
    db = Mock()
    db.execute.return_value.fetchone.return_value = ("a", "Ann", 100, "new", "", 0.0)
    repository = shop.SqliteRepository(db)
    repository.save(ORDER)
    assert db.execute.call_args_list[1:] == [
        call("SELECT * FROM orders WHERE id = ?", ("a",)),
        call("REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", ("a", "Ann", 100, "new", "", 0.0)),
    ]
    db.commit.assert_called_once_with()


def test_the_gateway_posts(shop: Any) -> None:
    """The call of the client as it is."""
    client = Mock()
    client.post.return_value = Mock(status_code=200, json=lambda: {"receipt": "r-1"})
    assert shop.HttpGateway(client).charge("k", 100) == "r-1"
    headers = {"Idempotency-Key": "k"}
    client.post.assert_called_once_with("/charges", json={"cents": 100}, headers=headers)
    client.post.side_effect = httpx.ReadTimeout("slow")
    assert raises(GatewayTimeout, shop.HttpGateway(client).charge, "k", 100)
