"""The stored orders' three versions, and the steps between them."""

from __future__ import annotations

import re
from typing import Any

from velvet_validation.versions import Versioned

order = Versioned("order", latest=3, unversioned=1)
_MAX_CENTS = 10**11  # nine digits before the point


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
        # int() alone would read a sign, an underscore, spaces and the digits of any script.
        if not re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", line["price"]):
            raise ValueError(f"price {line['price']!r:.40} is no amount with two decimals")
        line["price_cents"] = int(line.pop("price").replace(".", ""))
    return payload


@order.downgrade(3, 2)
def _price_as_text(payload: dict[str, Any]) -> dict[str, Any]:
    for line in payload["lines"]:
        cents = line.pop("price_cents")
        if type(cents) is not int or not 0 <= cents < _MAX_CENTS:
            raise ValueError(f"price_cents {cents!r:.40} has no text with two decimals")
        line["price"] = f"{cents // 100}.{cents % 100:02}"
    return payload


order.check_complete()
