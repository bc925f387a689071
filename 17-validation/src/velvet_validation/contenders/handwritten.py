"""Dataclasses and plain ifs: the floor of the speed and the ceiling of the care.

"default" is what is written on a Friday (isinstance, ranges, re.match); "strict" is what is left
after every fault of `cases` has been seen once. It raises at the first problem.
"""

from __future__ import annotations

import datetime as dt
import math
import platform
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from velvet_validation import cases
from velvet_validation.cases import Family
from velvet_validation.contender import Compiled, Mode, Path, Problem, Rejected, Unsupported

label = "hand-written"
version = platform.python_version()
features = frozenset({"converts"})
gaps: tuple[str, ...] = ()

_EMAIL, _SKU = re.compile(cases.EMAIL), re.compile(cases.SKU)
_ORDER_ID = re.compile(cases.ORDER_ID)
_ASCII_ID = re.compile(r"[A-Z]{2}-[0-9]{4}")


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


class _Refused(Rejected):
    def __init__(self, path: Path, text: str) -> None:
        super().__init__(f"{'.'.join(map(str, path)) or 'payload'} {text}", path)


def _object(value: Any, path: Path, names: Iterable[str]) -> Any:
    if not isinstance(value, dict):
        raise _Refused(path, "is no object")
    for name in names:
        if name not in value:
            raise _Refused((*path, name), "is missing")
    return value


def _known(value: dict[str, Any], path: Path, names: frozenset[str]) -> None:
    for name in value:
        if name not in names:
            raise _Refused((*path, name), "is unknown")


class _Checks:
    """The Friday version."""

    strict = False

    def integer(self, value: Any, path: Path, low: int, high: float = math.inf) -> int:
        if not isinstance(value, int):
            raise _Refused(path, "is no whole number")
        if not low <= value <= high:
            raise _Refused(path, f"is not within {low} to {high}")
        return value

    def number(self, value: Any, path: Path, low: float, high: float) -> float:
        if not isinstance(value, (int, float)):
            raise _Refused(path, "is no number")
        if value < low or value > high:
            raise _Refused(path, f"is not within {low} to {high}")
        return float(value)

    def text(self, value: Any, path: Path, low: int, high: int) -> str:
        if not isinstance(value, str):
            raise _Refused(path, "is no text")
        if not low <= len(value) <= high:
            raise _Refused(path, f"has not {low} to {high} characters")
        return value

    def matched(self, value: Any, path: Path, pattern: re.Pattern[str]) -> str:
        if not isinstance(value, str) or not pattern.match(value):
            raise _Refused(path, "has the wrong form")
        return value

    def time(self, value: Any, path: Path) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise _Refused(path, "is no time") from None

    def day(self, value: Any, path: Path) -> dt.date | None:
        try:
            return None if value is None else dt.date.fromisoformat(value)
        except (TypeError, ValueError):
            raise _Refused(path, "is no date") from None


class _Careful(_Checks):
    """The same after sixty faults."""

    strict = True

    def integer(self, value: Any, path: Path, low: int, high: float = math.inf) -> int:
        if type(value) is not int:
            raise _Refused(path, "is no whole number")
        return super().integer(value, path, low, high)

    def number(self, value: Any, path: Path, low: float, high: float) -> float:
        if type(value) is bool or not low <= super().number(value, path, low, high):
            raise _Refused(path, "is no number in range")
        return float(value)

    def text(self, value: Any, path: Path, low: int, high: int) -> str:
        checked = super().text(value, path, low, high)
        if not checked.strip() or any("\ud800" <= letter <= "\udfff" for letter in checked):
            raise _Refused(path, "is blank or no valid Unicode")
        return checked

    def matched(self, value: Any, path: Path, pattern: re.Pattern[str]) -> str:
        whole = _ASCII_ID if pattern is _ORDER_ID else pattern
        if not isinstance(value, str) or not whole.fullmatch(value) or value.endswith("\n"):
            raise _Refused(path, "has the wrong form")
        return value

    def time(self, value: Any, path: Path) -> dt.datetime:
        made = super().time(value, path)
        if made.tzinfo is None:
            raise _Refused(path, "has no UTC offset")
        return made


def _order(check: _Checks, d: Any, path: Path = ()) -> Order:
    _object(d, path, ("id", "number", "created", "status", "customer", "lines", "tags"))
    buyer = _object(d["customer"], (*path, "customer"), ("name", "email"))
    if not isinstance(d["lines"], list) or not 1 <= len(d["lines"]) <= 50:
        raise _Refused((*path, "lines"), "is no list of 1 to 50")
    if not isinstance(d["tags"], list) or len(d["tags"]) > 10:
        raise _Refused((*path, "tags"), "is no list of at most 10")
    if d["status"] not in cases.STATUSES:
        raise _Refused((*path, "status"), f"is none of {', '.join(cases.STATUSES)}")
    if check.strict:
        _known(d, path, frozenset(Order.__dataclass_fields__))
        _known(buyer, (*path, "customer"), frozenset(Customer.__dataclass_fields__))
    lines = []
    for index, line in enumerate(d["lines"]):
        here = (*path, "lines", index)
        _object(line, here, ("sku", "qty", "price_cents", "weight"))
        if check.strict:
            _known(line, here, frozenset(Line.__dataclass_fields__))
        lines.append(
            Line(
                check.matched(line["sku"], (*here, "sku"), _SKU),
                check.integer(line["qty"], (*here, "qty"), 1, 1000),
                check.integer(line["price_cents"], (*here, "price_cents"), 0),
                check.number(line["weight"], (*here, "weight"), 0, 1000),
            )
        )
    tags = [check.text(tag, (*path, "tags", i), 1, 20) for i, tag in enumerate(d["tags"])]
    if len(set(tags)) != len(tags):
        raise _Refused((*path, "tags"), "repeats an item")
    coupon = d.get("coupon")
    return Order(
        check.matched(d["id"], (*path, "id"), _ORDER_ID),
        check.integer(d["number"], (*path, "number"), 1, cases.MAX_NUMBER),
        check.time(d["created"], (*path, "created")),
        d["status"],
        Customer(
            check.text(buyer["name"], (*path, "customer", "name"), 1, 40),
            check.matched(buyer["email"], (*path, "customer", "email"), _EMAIL),
            check.day(buyer.get("birthday"), (*path, "customer", "birthday")),
        ),
        lines,
        tags,
        None if coupon is None else check.text(coupon, (*path, "coupon"), 4, 12),
    )


def _signup(check: _Checks, d: Any) -> dict[str, Any]:
    names = ("email", "age", "password", "newsletter")
    _object(d, (), names)
    if check.strict:
        _known(d, (), frozenset(names))
    if not isinstance(d["newsletter"], bool):
        raise _Refused(("newsletter",), "is no bool")
    return {
        "email": check.matched(d["email"], ("email",), _EMAIL),
        "age": check.integer(d["age"], ("age",), 0, 150),
        "password": check.text(d["password"], ("password",), 8, 64),
        "newsletter": d["newsletter"],
    }


def _event(check: _Checks, d: Any) -> dict[str, Any]:
    _object(d, (), ("kind", "id"))
    name = cases.KINDS.get(d["kind"]) if isinstance(d["kind"], str) else None
    if name is None:
        raise _Refused(("kind",), "is not a known kind")
    _object(d, (), (name,))
    if check.strict:
        _known(d, (), frozenset(("kind", "id", name)))
    made = {"kind": d["kind"], "id": check.integer(d["id"], ("id",), 1)}
    made[name] = (
        check.integer(d["value"], ("value",), 0, 1000)
        if name == "value"
        else check.text(d["text"], ("text",), 1, 40)
    )
    return made


def _tree(check: _Checks, d: Any, path: Path = ()) -> dict[str, Any]:
    _object(d, path, ("name", "children"))
    if not isinstance(d["children"], list):
        raise _Refused((*path, "children"), "is no list")
    if check.strict:
        _known(d, path, frozenset(("name", "children")))
    children = [_tree(check, c, (*path, "children", i)) for i, c in enumerate(d["children"])]
    return {"name": check.text(d["name"], (*path, "name"), 1, 20), "children": children}


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
    if isinstance(value, (Order, Customer, Line)):
        return {name: _dump(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, list):
        return [_dump(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family's checks."""
    check, load = (_Careful() if mode == "strict" else _Checks()), _LOADS[family]
    return Compiled(lambda payload: load(check, payload), _dump, problems, errors=(Rejected,))


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return the type's own constructor, or in strict mode an isinstance check."""
    if not isinstance(target, type) or target in (list, dict) or hasattr(target, "__args__"):
        raise Unsupported(f"{target} has no constructor to call")
    parse = getattr(target, "fromisoformat", target)

    def load(payload: Any) -> Any:
        if mode == "strict" and type(payload) is not target:
            raise Rejected(f"is no {target.__name__}", ())
        return payload if mode == "strict" else parse(payload)

    caught = (ValueError, TypeError, ArithmeticError)
    return Compiled(load, lambda value: value, lambda _: [], errors=caught)
