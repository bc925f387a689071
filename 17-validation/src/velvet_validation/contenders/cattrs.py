"""attrs classes that check themselves, and cattrs converters that build them from plain data."""

# No `from __future__ import annotations`: classes that are made in a function need real types.
import datetime as dt
import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any, List, get_origin  # noqa: UP035

import attrs
from attrs import define, field, validators
from cattrs import BaseValidationError, transform_error
from cattrs.cols import list_structure_factory
from cattrs.errors import CattrsError, StructureHandlerNotFoundError
from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union
from cattrs.v import format_exception

from velvet_validation.contender import Compiled, Mode, Path, Problem, Unsupported
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family, Status

label = "attrs + cattrs"
gaps = ("aware times and unique items: stated as validators of our own",)


def _between(low: float, high: float) -> Any:
    return [validators.ge(low), validators.le(high)]


def _sized(low: int, high: int) -> Any:
    return [validators.min_len(low), validators.max_len(high)]


def _aware(_: Any, attribute: "attrs.Attribute[Any]", value: dt.datetime) -> None:
    if value.tzinfo is None:
        raise ValueError(f"{attribute.name} has no UTC offset")


def _unique(_: Any, attribute: "attrs.Attribute[Any]", value: list[str]) -> None:
    if len(set(value)) != len(value):
        raise ValueError(f"{attribute.name} repeats an item")


_EMAIL: Any = [validators.matches_re(cases.EMAIL), validators.max_len(254)]


@define
class Signup:
    """Three fields."""

    email: str = field(validator=_EMAIL)
    age: int = field(validator=_between(0, 150))
    password: str = field(validator=_sized(8, 64))
    newsletter: bool


@define
class Customer:
    """The buyer."""

    name: str = field(
        validator=[*_sized(1, 40), validators.matches_re(cases.NOT_BLANK, func=re.search)]
    )
    email: str = field(validator=_EMAIL)
    birthday: dt.date | None = None


@define
class Line:
    """One line of an order."""

    sku: str = field(validator=validators.matches_re(cases.SKU))
    qty: int = field(validator=_between(1, 1000))
    price_cents: int = field(validator=validators.ge(0))
    weight: float = field(validator=_between(0, 1000))


@define
class Order:
    """A nested order."""

    id: str = field(validator=validators.matches_re(cases.ORDER_ID))
    number: int = field(validator=_between(1, cases.MAX_NUMBER))
    created: dt.datetime = field(validator=_aware)
    status: Status = field()
    customer: Customer = field()
    lines: list[Line] = field(validator=_sized(1, 50))
    tags: list[str] = field(
        validator=[validators.max_len(10), validators.deep_iterable(_sized(1, 20)), _unique]
    )
    coupon: str | None = field(default=None, validator=validators.optional(_sized(4, 12)))


@define
class Tree:
    """A recursive node."""

    name: str = field(validator=_sized(1, 20))
    children: List["Tree"]  # noqa: UP006 - 3.10 finds no name inside list[]


attrs.resolve_types(Tree)


def events() -> list[Any]:
    """Return one class for each kind of event."""
    carried: dict[str, Any] = {"value": (int, _between(0, 1000)), "text": (str, _sized(1, 40))}
    return [
        attrs.make_class(
            kind,
            {
                "id": field(type=int, validator=validators.ge(1)),
                name: field(type=carried[name][0], validator=carried[name][1]),
            },
        )
        for kind, name in cases.KINDS.items()
    ]


_EVENT: Any = reduce(or_, events())
_TYPES: dict[Family, Any] = {
    "signup": Signup,
    "order": Order,
    "feed": list[Order],
    "event": _EVENT,
    "tree": Tree,
}


def _exactly(kind: Any) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return kind(value)

    return structure


def _is_list(target: Any) -> bool:
    return get_origin(target) is list


def _only_lists(target: Any, converter: Any) -> Callable[[Any, Any], Any]:
    build = list_structure_factory(target, converter)

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"{type(value).__name__} is no list")
        return build(value, target)

    return structure


def converter(mode: Mode = "default", *, detailed: bool = True) -> Any:
    """Return a JSON converter; a strict one refuses unknown keys and converts no scalar."""
    strict = mode == "strict"
    made = make_converter(detailed_validation=detailed, forbid_extra_keys=strict)
    if strict:
        for kind in (int, float, str, bool):
            made.register_structure_hook(kind, _exactly(kind))

        made.register_structure_hook_factory(_is_list)(_only_lists)
    configure_tagged_union(_EVENT, made, tag_name="kind", tag_generator=lambda cl: cl.__name__)
    return made


def _words(error: BaseException, kind: Any) -> str:
    """Say what the validator said; the library's own formatter drops it."""
    plain = isinstance(error, ValueError) and bool(error.args)
    return str(error.args[0]) if plain else format_exception(error, kind)


_PATH = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\['([^']*)'\]")


def problems(error: Exception) -> list[Problem]:
    """Return one problem for each line of `cattrs.transform_error`."""
    if not isinstance(error, BaseValidationError):
        path: Path = ("kind",) if isinstance(error, KeyError) else ()
        return [Problem(path, "", f"{type(error).__name__}: {error}")]
    found = []
    for line in transform_error(error, format_exception=_words):
        message, _, where = line.rpartition(" @ $")
        steps = _PATH.findall(where)
        path = tuple(int(index) if index else name or key for name, index, key in steps)
        extra = re.search(r"extra fields found \((\w+)\)", message)
        found.append(Problem((*path, extra[1]) if extra else path, "", message))
    return found


def compiled(target: Any, made: Any) -> Compiled:
    """Return any type of a converter behind the common surface."""
    structure = made.get_structure_hook(target)
    return Compiled(
        load=lambda payload: structure(payload, target),
        dump=lambda value: made.unstructure(value, unstructure_as=target),
        problems=problems,
        # A scalar outside a class fails with Python's own exception: that is its contract.
        errors=(CattrsError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError),
        native_loads=lambda data: made.loads(data, target),
        native_dumps=lambda value: made.dumps(value, unstructure_as=target).encode(),
    )


def build(family: Family, mode: Mode = "default", *, detailed: bool = True) -> Compiled:
    """Return the family as attrs classes behind a kept converter."""
    return compiled(_TYPES[family], converter(mode, detailed=detailed))


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a check of one type with the JSON converter's own hooks."""
    try:
        return compiled(target, converter(mode))
    except StructureHandlerNotFoundError as error:
        raise Unsupported(str(error)) from error
