"""The stored orders' three versions, and the steps between them."""

from __future__ import annotations

from typing import Any

from velvet_validation.versions import Versioned

order = Versioned("order", latest=3, unversioned=1)


@order.migration(1, 2)
def _split_customer(payload: dict[str, Any]) -> dict[str, Any]:
    """Version 2 has a customer object where version 1 had two fields."""
    payload["customer"] = {"name": payload.pop("customer_name"), "email": payload.pop("email")}
    payload["customer"]["birthday"] = None
    return payload


@order.downgrade(2, 1)
def _join_customer(payload: dict[str, Any]) -> dict[str, Any]:
    customer = payload.pop("customer")
    payload["customer_name"], payload["email"] = customer["name"], customer["email"]
    return payload


@order.migration(2, 3)
def _price_in_cents(payload: dict[str, Any]) -> dict[str, Any]:
    """Version 3 has whole cents where version 2 had a decimal text."""
    for line in payload["lines"]:
        euros, _, cents = line.pop("price").partition(".")
        line["price_cents"] = int(euros) * 100 + int(cents.ljust(2, "0")[:2] or 0)
    return payload


@order.downgrade(3, 2)
def _price_as_text(payload: dict[str, Any]) -> dict[str, Any]:
    for line in payload["lines"]:
        euros, cents = divmod(line.pop("price_cents"), 100)
        line["price"] = f"{euros}.{cents:02}"
    return payload


order.check_complete()
