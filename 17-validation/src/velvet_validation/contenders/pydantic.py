"""pydantic: models validated by a Rust core; lax by default, strict on request."""

# No `from __future__ import annotations`: models that are defined in a function need real types.
import datetime as dt
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.errors import PydanticSchemaGenerationError

from velvet_validation.contender import Compiled, Mode, Problem, Unsupported
from velvet_validation.samples import cases
from velvet_validation.samples.cases import Family, Status

label = "pydantic"
gaps: tuple[str, ...] = ()

Email = Annotated[str, Field(pattern=cases.EMAIL, max_length=254)]


def _unique(items: Sequence[str]) -> Sequence[str]:
    if len(set(items)) != len(items):
        raise ValueError("items repeat")
    return items


def _text_only(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("a time is text")  # pydantic collects ValueError, not TypeError
    return value


def _text_as(kind: Any, strict: bool) -> Any:
    """Strict Python input refuses text for times and enums, which is all that JSON has."""
    if not strict:
        return kind
    return Annotated[kind, Field(strict=False), BeforeValidator(_text_only)]


def models(mode: Mode = "default") -> dict[Family, Any]:
    """Return the model of each family, or for a feed or union its type."""
    strict = mode == "strict"
    config = ConfigDict(strict=True, extra="forbid") if strict else ConfigDict()
    time, day, state = (_text_as(kind, strict) for kind in (AwareDatetime, dt.date, Status))

    class Signup(BaseModel):
        model_config = config
        email: Email
        age: Annotated[int, Field(ge=0, le=150)]
        password: Annotated[str, Field(min_length=8, max_length=64)]
        newsletter: bool

    class Customer(BaseModel):
        model_config = config
        name: Annotated[str, Field(min_length=1, max_length=40, pattern=cases.NOT_BLANK)]
        email: Email
        birthday: day | None = None  # type: ignore[valid-type]

    class Line(BaseModel):
        model_config = config
        sku: Annotated[str, Field(pattern=cases.SKU)]
        qty: Annotated[int, Field(ge=1, le=1000)]
        price_cents: Annotated[int, Field(ge=0)]
        weight: Annotated[float, Field(ge=0, le=1000)]

    class Order(BaseModel):
        model_config = config
        id: Annotated[str, Field(pattern=cases.ORDER_ID)]
        number: Annotated[int, Field(ge=1, le=cases.MAX_NUMBER)]
        created: time  # type: ignore[valid-type]
        status: state  # type: ignore[valid-type]
        customer: Customer
        lines: Annotated[list[Line], Field(min_length=1, max_length=50)]
        tags: Annotated[
            list[Annotated[str, Field(min_length=1, max_length=20)]],
            Field(max_length=10),
            AfterValidator(_unique),
        ]
        coupon: Annotated[str | None, Field(min_length=4, max_length=12)] = None

    class Tree(BaseModel):
        model_config = config
        name: Annotated[str, Field(min_length=1, max_length=20)]
        children: list["Tree"]

    event: Any = Annotated[reduce(or_, events(config)), Field(discriminator="kind")]
    return {"signup": Signup, "order": Order, "feed": list[Order], "event": event, "tree": Tree}


def events(config: ConfigDict | None = None) -> list[Any]:
    """Return one model for each kind of event."""
    carried = {
        "value": (Annotated[int, Field(ge=0, le=1000)], ...),
        "text": (Annotated[str, Field(min_length=1, max_length=40)], ...),
    }
    return [
        create_model(
            kind,
            __config__=config,
            kind=(Literal[kind], ...),
            id=(Annotated[int, Field(ge=1)], ...),
            **{field: carried[field]},
        )  # type: ignore[call-overload]
        for kind, field in cases.KINDS.items()
    ]


def problems(error: Exception) -> list[Problem]:
    """Return every error with its path; a union's tag is no step of the input."""
    assert isinstance(error, ValidationError)
    found = []
    for entry in error.errors(include_url=False):
        path = entry["loc"]
        if path and path[0] in cases.KINDS:
            path = path[1:]
        if entry["type"].startswith("union_tag"):
            path = (*path, "kind")
        found.append(Problem(path, entry["type"], entry["msg"]))
    return found


def compiled(adapter: "TypeAdapter[Any]") -> Compiled:
    """Return the adapter of any type behind the common surface."""
    return Compiled(
        load=adapter.validate_python,
        dump=lambda value: adapter.dump_python(value, mode="json"),
        problems=problems,
        errors=(ValidationError,),
        native_loads=adapter.validate_json,
        native_dumps=adapter.dump_json,
        schema=adapter.json_schema,
    )


def build(family: Family, mode: Mode = "default") -> Compiled:
    """Return the family as a kept `TypeAdapter`."""
    return compiled(TypeAdapter(models(mode)[family]))


def build_type(target: Any, mode: Mode = "default") -> Compiled:
    """Return a `TypeAdapter` of one type."""
    try:
        return compiled(TypeAdapter(target, config=ConfigDict(strict=mode == "strict")))
    except PydanticSchemaGenerationError as error:
        raise Unsupported(str(error)) from error
