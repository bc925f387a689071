"""msgspec: structs decoded by generated C tables; strict about types from the start."""

# No `from __future__ import annotations`: structs that are defined in a function need real types.
import datetime as dt
import re
from functools import reduce
from operator import or_
from typing import Annotated, Any, List  # noqa: UP035

import msgspec
from msgspec import Meta, Struct

from velvet_validation.contender import Compiled, Mode, Path, Problem, Unsupported
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family, Status

label = "msgspec"
gaps = ("unique items: stated in __post_init__",)

Email = Annotated[str, Meta(pattern=cases.EMAIL, max_length=254)]
_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\[(\d+)\]|\.([^.\[]+)")


def models(mode: Mode = "default") -> dict[Family, Any]:
    """Return the struct of each family, or for a feed or union its type."""
    strict = mode == "strict"

    class Signup(Struct, forbid_unknown_fields=strict):
        email: Email
        age: Annotated[int, Meta(ge=0, le=150)]
        password: Annotated[str, Meta(min_length=8, max_length=64)]
        newsletter: bool

    class Customer(Struct, forbid_unknown_fields=strict):
        name: Annotated[str, Meta(min_length=1, max_length=40, pattern=cases.NOT_BLANK)]
        email: Email
        birthday: dt.date | None = None

    class Line(Struct, forbid_unknown_fields=strict):
        sku: Annotated[str, Meta(pattern=cases.SKU)]
        qty: Annotated[int, Meta(ge=1, le=1000)]
        price_cents: Annotated[int, Meta(ge=0)]
        weight: Annotated[float, Meta(ge=0, le=1000)]

    class Order(Struct, forbid_unknown_fields=strict):
        id: Annotated[str, Meta(pattern=cases.ORDER_ID)]
        number: Annotated[int, Meta(ge=1, le=cases.MAX_NUMBER)]
        created: Annotated[dt.datetime, Meta(tz=True)]
        status: Status
        customer: Customer
        lines: Annotated[list[Line], Meta(min_length=1, max_length=50)]
        tags: Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=20)]], Meta(max_length=10)
        ]
        coupon: Annotated[str, Meta(min_length=4, max_length=12)] | None = None

        def __post_init__(self) -> None:
            if len(set(self.tags)) != len(self.tags):
                raise ValueError("tags repeat")

    return {
        "signup": Signup,
        "order": Order,
        "feed": list[Order],
        "event": reduce(or_, events(strict)),
        "tree": StrictTree if strict else Tree,
    }


class Tree(Struct):
    """A recursive struct stands in its module: its own name is looked up there."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    children: List["Tree"]  # noqa: UP006 - 3.10 finds no name inside list[]


class StrictTree(Tree, forbid_unknown_fields=True):
    """The same, refusing unknown keys."""

    children: List["StrictTree"]  # type: ignore[assignment]  # noqa: UP006


def events(strict: bool = False) -> list[Any]:
    """Return one tagged struct for each kind of event."""
    carried = {
        "value": Annotated[int, Meta(ge=0, le=1000)],
        "text": Annotated[str, Meta(min_length=1, max_length=40)],
    }
    return [
        msgspec.defstruct(
            kind,
            [("id", Annotated[int, Meta(ge=1)]), (field, carried[field])],
            tag=kind,
            tag_field="kind",
            forbid_unknown_fields=strict,
        )
        for kind, field in cases.KINDS.items()
    ]


def problems(error: Exception) -> list[Problem]:
    """Return the one error with the path that its text names."""
    match = _WHERE.match(str(error))
    assert match is not None
    steps = _STEP.findall(match["path"] or "")
    path: Path = tuple(int(index) if index else name for index, name in steps)
    missing = re.search(r"(?:missing required|unknown) field `([^`]+)`", match["what"])
    if missing:
        path = (*path, missing[1])
    return [Problem(path, "", match["what"])]


def compiled(target: Any, strict: bool = True) -> Compiled:
    """Return any type behind the common surface."""
    decoder, encoder = msgspec.json.Decoder(target, strict=strict), msgspec.json.Encoder()
    return Compiled(
        load=lambda payload: msgspec.convert(payload, target, strict=strict),
        dump=msgspec.to_builtins,
        problems=problems,
        errors=(msgspec.ValidationError,),
        native_loads=decoder.decode,
        native_dumps=encoder.encode,
        schema=lambda: msgspec.json.schema(target),
    )


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family as structs with a kept decoder."""
    return compiled(models(mode)[family])


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a check of one type; here "default" is ``strict=False``, the only laxity it has."""
    try:
        made = compiled(target, strict=mode == "strict")
        msgspec.json.Decoder(target)
    except TypeError as error:
        raise Unsupported(str(error)) from error
    return made
