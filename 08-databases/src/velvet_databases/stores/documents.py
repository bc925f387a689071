"""An order as one document: its head and its lines together, as JSON and BSON hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from velvet_databases.domain import Order, OrderLine
from velvet_databases.stores.base import Loading, TransferHow, Unsupported

_LINE = ("id", "product_id", "qty", "unit_cents")


def to_document(order: Order) -> dict[str, Any]:
    """Return an order as nested plain values; its key is under `_id`."""
    return {
        "_id": order.id,
        "customer_id": order.customer_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "version": order.version,
        "lines": [{name: getattr(line, name) for name in _LINE} for line in order.lines],
    }


def from_document(found: Mapping[str, Any]) -> Order:
    """Return the order of a document; without `lines` only its head."""
    key, placed = found["_id"], found["placed_at"]
    return Order(
        key,
        found["customer_id"],
        found["status"],
        placed if isinstance(placed, datetime) else datetime.fromisoformat(placed),
        found["version"],
        tuple(
            OrderLine(line["id"], key, line["product_id"], line["qty"], line["unit_cents"])
            for line in found.get("lines", ())
        ),
    )


def to_json(order: Order) -> str:
    """Return an order as JSON text."""
    document = to_document(order)
    document["placed_at"] = order.placed_at.isoformat()
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Order:
    """Return the order of a JSON text."""
    return from_document(json.loads(text))


def only_in_one_query(strategy: Loading) -> None:
    """Refuse strategies that presuppose lines of their own.

    Raises:
        Unsupported: for all but `JOIN`, which is one query.
    """
    if strategy is not Loading.JOIN:
        raise Unsupported(
            f"{strategy.name}: the lines are inside the document and come with it; there is "
            "nothing left to load (ask with JOIN, one query)"
        )


def no_row_locks(name: str, how: TransferHow, known: frozenset[TransferHow]) -> None:
    """Refuse ways of transferring that a store does not have.

    Raises:
        Unsupported: the way is not among those known.
    """
    if how not in known:
        able = ", ".join(sorted(one.name for one in known))
        raise Unsupported(f"{name} cannot transfer with {how.name}; it can with {able}")
