"""What is built for each call instead of once: the most common way to make a validator slow."""

from __future__ import annotations

from functools import partial, reduce
from operator import or_
from typing import Any

from velvet.bench import Suite, speedup
from velvet_validation.samples import cases


def _order() -> Any:
    return cases.valid("order")


def _pydantic(*, kept: bool) -> Any:
    from pydantic import TypeAdapter

    from velvet_validation.contenders import pydantic as adapter

    signup = adapter.models()["signup"]
    model: Any = list[signup]  # type: ignore[valid-type]
    payload = [cases.valid("signup")]
    if kept:
        return partial(TypeAdapter(model).validate_python, payload)
    return lambda: TypeAdapter(model).validate_python(payload)


def _msgspec(*, kept: bool) -> Any:
    import msgspec

    from velvet_validation.contenders import msgspec as adapter

    kind: Any = reduce(or_, adapter.events())
    data = msgspec.json.encode(cases.event("user_banned"))
    if kept:
        return partial(msgspec.json.Decoder(kind).decode, data)
    return lambda: msgspec.json.decode(data, type=kind)


def _fastjsonschema(*, kept: bool) -> Any:
    import fastjsonschema

    from velvet_validation.contenders import fastjsonschema as adapter

    schema = adapter.build("order").schema
    assert schema is not None
    rules, payload = schema(), _order()
    if kept:
        return partial(fastjsonschema.compile(rules), payload)
    return lambda: fastjsonschema.compile(rules)(payload)


LIBRARIES = {"pydantic": _pydantic, "msgspec": _msgspec, "fastjsonschema": _fastjsonschema}
NOTES = {
    "pydantic": "TypeAdapter(list[model])",
    "msgspec": "decode(type=union of 20) against a Decoder",
    "fastjsonschema": "fastjsonschema.compile",
}


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    reuse = suite.comparison("reuse", title="Kept, or built for each call", unit="us")
    for name, setup in LIBRARIES.items():
        reuse.add(f"{name}_kept", partial(setup, kept=True), needs=name)
        reuse.add(f"{name}_per_call", partial(setup, kept=False), needs=name, note=NOTES[name])

    suite.claim(
        "a TypeAdapter made for each call costs many times one that is kept",
        speedup("reuse", "pydantic_kept", "pydantic_per_call") >= 5,
    )
    suite.claim(
        "compiling a schema for each call costs at least fifty times its check",
        speedup("reuse", "fastjsonschema_kept", "fastjsonschema_per_call") >= 50,
    )
