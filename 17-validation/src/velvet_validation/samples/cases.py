"""The payloads and the faults that every library is judged by.

One schema, described once in words and stated by each library in its own idiom. A family is a valid
payload shape; a fault is one change that makes a valid payload wrong by exactly one rule. The
faults are what production sends: missing fields, text for numbers, impossible dates, a trailing
newline behind a pattern, a tag that does not exist.

    signup  {email, age, password, newsletter}                  4 fields
    order   {id, number, created, status, customer, lines, tags, coupon?}   nested
    feed    [order, ...]                                         a batch
    event   {kind, id, value | text}                             union of 20 tagged kinds
    tree    {name, children: [tree]}                             recursive
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

Family = Literal["signup", "order", "feed", "event", "tree"]
FAMILIES: tuple[Family, ...] = ("signup", "order", "feed", "event", "tree")


class Status(Enum):
    """Where an order is."""

    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


# The constraints, shared by every library's schema.
EMAIL = r"^[^@\s]+@[^@\s]+$"
ORDER_ID = r"^[A-Z]{2}-\d{4}$"
SKU = r"^[a-z0-9-]{3,16}$"
NOT_BLANK = r"\S"
STATUSES = tuple(status.value for status in Status)
MAX_NUMBER = 2**53 - 1  # the largest integer that every JSON reader keeps (RFC 7493)
# Twenty kinds: the even ones carry a number, the odd ones a text.
KINDS: dict[str, Literal["value", "text"]] = {
    kind: "value" if index % 2 == 0 else "text"
    for index, kind in enumerate(
        [
            "order_placed",
            "order_noted",
            "order_priced",
            "order_tagged",
            "payment_taken",
            "payment_failed",
            "payment_refunded",
            "payment_disputed",
            "parcel_weighed",
            "parcel_labelled",
            "parcel_moved",
            "parcel_lost",
            "stock_counted",
            "stock_named",
            "stock_moved",
            "stock_audited",
            "user_scored",
            "user_renamed",
            "user_ranked",
            "user_banned",
        ]
    )
}

# What must never stand in an error message.
SECRET_PATHS: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "signup": (("password",),),
    "order": (("customer", "email"),),
}

_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fern", "grove", "heath")


def _signup(rng: random.Random) -> dict[str, Any]:
    name = rng.choice(_WORDS)
    return {
        "email": f"{name}@example.org",
        "age": rng.randint(18, 90),
        "password": f"xK9q-{rng.randint(10**6, 10**7)}-vW3z",  # no word that a message could have
        "newsletter": rng.random() < 0.5,
    }


def _order(rng: random.Random) -> dict[str, Any]:
    return {
        "id": f"{rng.choice(('AB', 'CD'))}-{rng.randint(1000, 9999)}",
        "number": rng.randint(1, 10**9),
        "created": f"2026-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T08:30:00+00:00",
        "status": rng.choice(STATUSES),
        "customer": {
            "name": f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}",
            "email": f"wq{rng.randint(1000, 9999)}zx@jv8k.io",
            "birthday": f"19{rng.randint(50, 99)}-03-2{rng.randint(0, 9)}",
        },
        "lines": [
            {
                "sku": f"{rng.choice(_WORDS)}-{rng.randint(1, 99)}",
                "qty": rng.randint(1, 9),
                "price_cents": rng.randint(1, 50_000),
                "weight": rng.randint(1, 400) / 8,
            }
            for _ in range(4)
        ],
        "tags": rng.sample(_WORDS, 3),
        "coupon": rng.choice((None, "spring", "autumn")),
    }


def _event(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(tuple(KINDS))
    return event(kind, rng.randint(1, 10**6))


def event(kind: str, id: int = 1) -> dict[str, Any]:
    """Return a valid event of one kind."""
    carried: dict[str, Any] = {"value": 17} if KINDS[kind] == "value" else {"text": "as agreed"}
    return {"kind": kind, "id": id, **carried}


def _tree(rng: random.Random, depth: int = 4) -> dict[str, Any]:
    children = [_tree(rng, depth - 1) for _ in range(2)] if depth else []
    return {"name": rng.choice(_WORDS), "children": children}


def valid(family: Family, n: int = 1, seed: int = 7) -> Any:
    """Return a fresh valid payload: a dict, or for "feed" a list of ``n`` orders.

    Raises:
        ValueError: the family is unknown, or ``n`` is below one.
    """
    if family not in FAMILIES:
        raise ValueError(f"unknown family {family!r}: choose one of {', '.join(FAMILIES)}")
    if n < 1:
        raise ValueError(f"n is {n}: at least one record is needed")
    rng = random.Random(seed)
    if family == "feed":
        return [_order(rng) for _ in range(n)]
    makers: dict[str, Callable[[random.Random], dict[str, Any]]] = {
        "signup": _signup,
        "order": _order,
        "event": _event,
        "tree": _tree,
    }
    return makers[family](rng)


def valid_json(family: Family, n: int = 1, seed: int = 7) -> bytes:
    """Return the same payload as UTF-8 JSON without spaces."""
    return json.dumps(valid(family, n, seed), separators=(",", ":")).encode()


@dataclass(frozen=True)
class Fault:
    """One change that breaks one rule of a family's schema.

    Attributes:
        path: where an exact error points; for a missing field, where it should stand.
        rule: the rule that is broken, in the words of the table.
        change: turns a valid payload wrong, in place.
    """

    id: str
    family: Family
    path: tuple[str | int, ...]
    rule: str
    change: Callable[[Any], None]

    def apply(self, payload: Any | None = None) -> Any:
        """Return a copy of the payload (by default the family's own) with the fault in it."""
        wrong = copy.deepcopy(valid(self.family) if payload is None else payload)
        self.change(wrong)
        return wrong


def at(payload: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a path.

    Raises:
        LookupError: the path leads nowhere.
    """
    for step in path:
        try:
            payload = payload[step]
        except TypeError as error:
            raise LookupError(f"{step!r} is no step into a {type(payload).__name__}") from error
    return payload


def _set(
    id: str, family: Family, path: tuple[str | int, ...], value: Any, rule: str = "type"
) -> Fault:
    def change(payload: Any) -> None:
        at(payload, path[:-1])[path[-1]] = copy.deepcopy(value)

    return Fault(id, family, path, rule, change)


def _drop(id: str, family: Family, path: tuple[str | int, ...]) -> Fault:
    def change(payload: Any) -> None:
        del at(payload, path[:-1])[path[-1]]

    return Fault(id, family, path, "required", change)


def _repeat_tag(payload: Any) -> None:
    payload["tags"][2] = payload["tags"][0]


def _many_lines(payload: Any) -> None:
    payload["lines"] = payload["lines"] * 13


def _retag(payload: Any) -> None:
    payload.clear()
    payload.update({"kind": "order_placed", "id": 1, "text": "as agreed"})


NAN, INFINITY = float("nan"), float("inf")
_QTY = ("lines", 2, "qty")
_WEIGHT = ("lines", 1, "weight")
_DEEP = ("children", 0, "children", 1, "children", 0, "children", 1)

FAULTS: tuple[Fault, ...] = (
    # presence
    _drop("missing field", "signup", ("age",)),
    _drop("missing nested field", "order", ("customer", "email")),
    _drop("missing list", "order", ("lines",)),
    _drop("missing in list item", "order", _QTY),
    _drop("missing tag", "event", ("kind",)),
    _set("null for int", "signup", ("age",), None),
    _set("null for enum", "order", ("status",), None),
    _set("null for list", "order", ("lines",), None),
    _set("null deep inside", "tree", (*_DEEP, "name"), None),
    _set("extra key", "signup", ("is_admin",), True, "extra"),
    _set("extra nested key", "order", ("customer", "role"), "admin", "extra"),
    _set("extra key in list item", "order", ("lines", 1, "discount"), 100, "extra"),
    _set("misspelt optional key", "order", ("cuopon",), "spring", "extra"),
    # wrong type
    _set("word for int", "signup", ("age",), "forty"),
    _set("numeric text for int", "signup", ("age",), "42"),
    _set("padded text for int", "order", _QTY, " 3 "),
    _set("underscored text for int", "order", _QTY, "1_0"),
    _set("full-width digit for int", "order", _QTY, "\uff13"),
    _set("fraction for int", "order", _QTY, 2.5),
    _set("bool for int", "order", _QTY, True),
    _set("text for float", "order", _WEIGHT, "2.5"),
    _set("int for str", "order", ("customer", "name"), 12345),
    _set("list for str", "order", ("customer", "name"), ["amber", "birch"]),
    _set("bytes for str", "order", ("customer", "name"), b"amber birch"),
    _set("str for list", "order", ("tags",), "abc"),
    _set("object for list", "order", ("lines",), {}),
    _set("list for object", "order", ("customer",), []),
    _set("str for object", "order", ("customer",), "amber"),
    _set("int for bool", "signup", ("newsletter",), 1),
    _set("word for bool", "signup", ("newsletter",), "no"),
    _set("wrong element in list", "order", ("tags", 1), 7),
    _set("null element in list", "order", ("tags", 2), None),
    # range and length
    _set("below minimum", "signup", ("age",), -1, "range"),
    _set("above maximum", "signup", ("age",), 151, "range"),
    _set("zero quantity", "order", _QTY, 0, "range"),
    _set("float below minimum", "order", _WEIGHT, -0.001, "range"),
    _set("float above maximum", "order", _WEIGHT, 1000.001, "range"),
    _set("int beyond 2**53", "order", ("number",), 2**53, "range"),
    _set("int beyond 2**63", "order", ("number",), 2**70, "range"),
    _set("not a number", "order", _WEIGHT, NAN, "range"),
    _set("infinity", "order", _WEIGHT, INFINITY, "range"),
    _set("text too short", "signup", ("password",), "Qz7kVx2", "length"),
    _set("text too long", "order", ("customer", "name"), "n" * 41, "length"),
    _set("empty text", "order", ("customer", "name"), "", "length"),
    _set("empty list", "order", ("lines",), [], "length"),
    Fault("list too long", "order", ("lines",), "length", _many_lines),
    Fault("duplicate list item", "order", ("tags",), "unique", _repeat_tag),
    # pattern and enum
    _set("pattern missed", "signup", ("email",), "amber.example.org", "pattern"),
    _set("newline behind pattern", "order", ("id",), "AB-1234\n", "pattern"),
    _set(
        "full-width digits in pattern", "order", ("id",), "AB-\uff11\uff12\uff13\uff14", "pattern"
    ),
    _set("only spaces", "order", ("customer", "name"), "   ", "pattern"),
    _set("lone surrogate", "order", ("customer", "name"), "amber \ud800", "text"),
    _set("unknown enum value", "order", ("status",), "lost", "enum"),
    _set("enum in capitals", "order", ("status",), "PAID", "enum"),
    # tags
    _set("unknown tag", "event", ("kind",), "order_eaten", "enum"),
    Fault("fields of another tag", "event", ("value",), "required", _retag),
    # time
    _set("naive time", "order", ("created",), "2026-02-01T08:30:00", "format"),
    _set("impossible date", "order", ("created",), "2026-02-30T08:30:00+00:00", "format"),
    _set("number for time", "order", ("created",), 1_770_000_000, "type"),
    _set("time for date", "order", ("customer", "birthday"), "1990-03-21T23:59:00+00:00", "format"),
)


_STRANGE: tuple[Any, ...] = (None, True, 0, -1, 1.0, 2.5, "", "1", [], {}, "x\n", 10**20)


def mutations(family: Family, n: int, seed: int = 7) -> Iterator[tuple[str, Any]]:
    """Yield the family's faults, then ``n`` payloads with one value replaced by a strange one."""
    for fault in FAULTS:
        if fault.family == family:
            yield fault.id, fault.apply()
    rng = random.Random(seed)
    base = valid(family)
    paths = _paths(base)
    for _ in range(n):
        path, strange = rng.choice(paths), rng.choice(_STRANGE)
        changed = copy.deepcopy(base)
        at(changed, path[:-1])[path[-1]] = copy.deepcopy(strange)
        yield f"{'.'.join(map(str, path))} = {strange!r}", changed


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    return ([path] if path else []) + [
        p for step, inner in steps for p in _paths(inner, (*path, step))
    ]
