"""mashumaro: dataclasses with generated from_dict and to_dict; types only, no constraints."""

# No `from __future__ import annotations`: classes that are made in a function need real types.
import datetime as dt
from dataclasses import dataclass, make_dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, List, Literal  # noqa: UP035

from mashumaro import exceptions
from mashumaro.codecs import BasicDecoder, BasicEncoder
from mashumaro.codecs.json import JSONDecoder, JSONEncoder
from mashumaro.config import BaseConfig
from mashumaro.jsonschema import build_json_schema
from mashumaro.types import Discriminator

from velvet_validation.contender import Compiled, Mode, Path, Problem, Unsupported
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family, Status

label = "mashumaro"
gaps = ("ranges, lengths, patterns, unique items and aware times",)


class Forbids:
    """Refuses unknown keys, the only strictness that mashumaro has."""

    class Config(BaseConfig):
        """Read by mashumaro."""

        forbid_extra_keys = True


@dataclass
class Tree:
    """A recursive dataclass stands in its module: its own name is looked up there."""

    name: str
    children: List["Tree"]  # noqa: UP006 - 3.10 finds no name inside list[]


@dataclass
class StrictTree(Tree, Forbids):
    """The same, refusing unknown keys."""

    children: List["StrictTree"]  # type: ignore[assignment]  # noqa: UP006


def _models(mode: Mode) -> dict[Family, Any]:
    base: Any = Forbids if mode == "strict" else object

    @dataclass
    class Signup(base):  # type: ignore[misc]
        email: str
        age: int
        password: str
        newsletter: bool

    @dataclass
    class Customer(base):  # type: ignore[misc]
        name: str
        email: str
        birthday: dt.date | None = None

    @dataclass
    class Line(base):  # type: ignore[misc]
        sku: str
        qty: int
        price_cents: int
        weight: float

    @dataclass
    class Order(base):  # type: ignore[misc]
        id: str
        number: int
        created: dt.datetime
        status: Status
        customer: Customer
        lines: list[Line]
        tags: list[str]
        coupon: str | None = None

    events = [_event(kind, name, base) for kind, name in cases.KINDS.items()]
    tagged: Any = Annotated[
        reduce(or_, events), Discriminator(field="kind", include_supertypes=True)
    ]
    return {
        "signup": Signup,
        "order": Order,
        "feed": list[Order],
        "event": tagged,
        "tree": StrictTree if mode == "strict" else Tree,
    }


def _event(kind: str, name: str, base: Any) -> Any:
    carried: dict[str, Any] = {"value": int, "text": str}
    made = make_dataclass(
        kind,
        [(name, carried[name]), ("id", int), ("kind", Literal[kind], kind)],
        bases=(base,),
        kw_only=True,
    )
    # Its generated code finds a class by module and name, or as a local one by its mark.
    made.__qualname__ = f"_event.<locals>.{kind}"
    return made


def problems(error: Exception) -> list[Problem]:
    """Return the one error; its path is the chain of causes, without list indexes."""
    path: Path = ()
    one: BaseException | None = error
    last: BaseException = error
    while one is not None:
        if isinstance(one, (exceptions.MissingField, exceptions.InvalidFieldValue)):
            path, last = (*path, one.field_name), one
        if isinstance(one, exceptions.ExtraKeysError):
            path, last = (*path, *sorted(one.extra_keys)[:1]), one
        one = one.__context__
    return [Problem(path, type(last).__name__, str(last))]


def _compiled(target: Any) -> Compiled:
    try:
        decoder, encoder = BasicDecoder(target), BasicEncoder(target)
        from_json, to_json = JSONDecoder(target), JSONEncoder(target)
    except exceptions.UnserializableDataError as error:
        raise Unsupported(str(error)) from error
    return Compiled(
        load=decoder.decode,
        dump=encoder.encode,
        problems=problems,
        # Its own errors are subclasses of Python's, which bare scalars fail with.
        errors=(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
        native_loads=from_json.decode,
        native_dumps=lambda value: to_json.encode(value).encode(),
        schema=lambda: build_json_schema(target).to_dict(),
    )


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family as dataclasses behind a kept codec."""
    return _compiled(_models(mode)[family])


def build_type(target: Any, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Return a codec of one type; it has no strict mode for scalars."""
    return _compiled(target)
