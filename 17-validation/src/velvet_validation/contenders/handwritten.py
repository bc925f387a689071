"""Dataclasses and plain ifs: the floor of the speed and the ceiling of the care.

"default" is what a first version checks (isinstance, ranges, re.match); "strict" is what it became
after every fault of `cases` was seen once. It raises at the first problem.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

from velvet_validation.contender import Compiled, Mode, Path, Problem, Rejected, Unsupported, plain
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family

label = "hand-written"
gaps: tuple[str, ...] = ()

_EMAIL, _SKU = re.compile(cases.EMAIL), re.compile(cases.SKU)
_ORDER_ID, _ASCII_ID = re.compile(cases.ORDER_ID), re.compile(r"[A-Z]{2}-[0-9]{4}")


@dataclass(slots=True)
class Line:
    """One line of an order."""

    sku: str
    qty: int
    price_cents: int
    weight: float


@dataclass(slots=True)
class Customer:
    """The buyer."""

    name: str
    email: str
    birthday: dt.date | None


@dataclass(slots=True)
class Order:
    """A nested order."""

    id: str
    number: int
    created: dt.datetime
    status: str
    customer: Customer
    lines: list[Line]
    tags: list[str]
    coupon: str | None


_LINE, _CUSTOMER, _ORDER = ([f.name for f in fields(kind)] for kind in (Line, Customer, Order))


class _Refused(Rejected):
    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{'.'.join(map(str, path)) or 'payload'} {text}", path)


@dataclass(frozen=True)
class _Checks:
    """The first version, and what each fault has added to it behind ``strict``."""

    strict: bool

    def object(self, value: Any, path: Path, names: list[str], optional: str = "") -> None:
        if not isinstance(value, dict):
            raise _Refused(path, "is no object")
        for name in names:
            if name not in value and name != optional:
                raise _Refused((*path, name), "is missing")
        for name in value if self.strict else ():
            if name not in names:
                raise _Refused((*path, name), "is unknown")

    def integer(self, value: Any, path: Path, low: int, high: float = math.inf) -> int:
        if not isinstance(value, int) or (self.strict and isinstance(value, bool)):
            raise _Refused(path, "is no whole number")
        if not low <= value <= high:
            raise _Refused(path, f"is not within {low} to {high}")
        return value

    def number(self, value: Any, path: Path, low: float, high: float) -> float:
        if not isinstance(value, (int, float)) or (self.strict and isinstance(value, bool)):
            raise _Refused(path, "is no number")
        if value < low or value > high or (self.strict and math.isnan(value)):
            raise _Refused(path, f"is not within {low} to {high}")
        return float(value)

    def text(self, value: Any, path: Path, low: int, high: int) -> str:
        if not isinstance(value, str):
            raise _Refused(path, "is no text")
        if not low <= len(value) <= high:
            raise _Refused(path, f"has not {low} to {high} characters")
        if self.strict and (not value.strip() or re.search("[\ud800-\udfff]", value)):
            raise _Refused(path, "is blank or no valid Unicode")
        return value

    def matched(self, value: Any, path: Path, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.match(value):
            raise _Refused(path, "has the wrong form")
        whole = _ASCII_ID if pattern is _ORDER_ID else pattern
        if self.strict and (not whole.fullmatch(value) or value.endswith("\n")):
            raise _Refused(path, "has the wrong form")
        return value

    def time(self, value: Any, path: Path, kind: Any) -> Any:
        try:
            made = kind.fromisoformat(value)
        except (TypeError, ValueError):
            raise _Refused(path, "is no time") from None
        if self.strict and kind is dt.datetime and made.tzinfo is None:
            raise _Refused(path, "has no UTC offset")
        return made

    def list(self, value: Any, path: Path, low: int, high: int) -> Any:
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise _Refused(path, f"is no list of {low} to {high}")
        return value


def _line(check: _Checks, d: Any, at: Path) -> Line:
    check.object(d, at, _LINE)
    return Line(
        check.matched(d["sku"], (*at, "sku"), _SKU),
        check.integer(d["qty"], (*at, "qty"), 1, 1000),
        check.integer(d["price_cents"], (*at, "price_cents"), 0),
        check.number(d["weight"], (*at, "weight"), 0, 1000),
    )


def _customer(check: _Checks, d: Any, at: Path) -> Customer:
    check.object(d, at, _CUSTOMER, "birthday")
    day = d.get("birthday")
    return Customer(
        check.text(d["name"], (*at, "name"), 1, 40),
        check.matched(d["email"], (*at, "email"), _EMAIL),
        None if day is None else check.time(day, (*at, "birthday"), dt.date),
    )


def _order(check: _Checks, d: Any, at: Path = ()) -> Order:
    check.object(d, at, _ORDER, "coupon")
    lines = check.list(d["lines"], (*at, "lines"), 1, 50)
    tags = check.list(d["tags"], (*at, "tags"), 0, 10)
    tags = [check.text(tag, (*at, "tags", i), 1, 20) for i, tag in enumerate(tags)]
    if len(set(tags)) != len(tags):
        raise _Refused((*at, "tags"), "repeats an item")
    if d["status"] not in cases.STATUSES:
        raise _Refused((*at, "status"), f"is none of {', '.join(cases.STATUSES)}")
    coupon = d.get("coupon")
    return Order(
        check.matched(d["id"], (*at, "id"), _ORDER_ID),
        check.integer(d["number"], (*at, "number"), 1, cases.MAX_NUMBER),
        check.time(d["created"], (*at, "created"), dt.datetime),
        d["status"],
        _customer(check, d["customer"], (*at, "customer")),
        [_line(check, line, (*at, "lines", i)) for i, line in enumerate(lines)],
        tags,
        None if coupon is None else check.text(coupon, (*at, "coupon"), 4, 12),
    )


def _signup(check: _Checks, d: Any) -> dict[str, Any]:
    check.object(d, (), ["email", "age", "password", "newsletter"])
    if not isinstance(d["newsletter"], bool):
        raise _Refused(("newsletter",), "is no bool")
    return {
        "email": check.matched(d["email"], ("email",), _EMAIL),
        "age": check.integer(d["age"], ("age",), 0, 150),
        "password": check.text(d["password"], ("password",), 8, 64),
        "newsletter": d["newsletter"],
    }


def _event(check: _Checks, d: Any) -> dict[str, Any]:
    kind = d.get("kind") if isinstance(d, dict) else None
    name = cases.KINDS.get(kind) if isinstance(kind, str) else None
    if name is None:
        raise _Refused(("kind",), "is not a known kind")
    check.object(d, (), ["kind", "id", name])
    made = {"kind": kind, "id": check.integer(d["id"], ("id",), 1)}
    if name == "value":
        return {**made, name: check.integer(d["value"], ("value",), 0, 1000)}
    return {**made, name: check.text(d["text"], ("text",), 1, 40)}


def _tree(check: _Checks, d: Any, at: Path = ()) -> dict[str, Any]:
    check.object(d, at, ["name", "children"])
    children = check.list(d["children"], (*at, "children"), 0, 10**9)
    made = [_tree(check, child, (*at, "children", i)) for i, child in enumerate(children)]
    return {"name": check.text(d["name"], (*at, "name"), 1, 20), "children": made}


_LOADS: dict[Family, Callable[[_Checks, Any], Any]] = {
    "signup": _signup,
    "order": _order,
    "feed": lambda check, rows: [_order(check, row, (i,)) for i, row in enumerate(rows)],
    "event": _event,
    "tree": _tree,
}


def problems(error: Exception) -> list[Problem]:
    """Return the first problem, which is all that is looked for."""
    assert isinstance(error, Rejected)
    return [Problem(error.errors, "", error.text)]


def _dump(value: Any) -> Any:
    if isinstance(value, list):
        return [_dump(item) for item in value]
    return plain(asdict(value) if isinstance(value, Order) else value)


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's checks."""
    load = partial(_LOADS[family], _Checks(mode == "strict"))
    return Compiled(load, _dump, problems, errors=(Rejected,))


def build_type(target: Any, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Refuse: by hand, each field has a check of its own."""
    raise Unsupported("fields are checked by hand, not bare types")
