"""What a model costs before it checks anything: to import its library, to define the class."""

from __future__ import annotations

import itertools
import sys
from dataclasses import make_dataclass
from typing import Any

from velvet.bench import Command, Suite, speedup

FIELDS = {f"f{index}": (int, str, float, bool)[index % 4] for index in range(10)}
_numbers = itertools.count()


def _fresh() -> str:
    return f"Model{next(_numbers)}"


def _pydantic(*, defer: bool = False) -> Any:
    from pydantic import BaseModel, ConfigDict

    config = ConfigDict(defer_build=defer)

    def build() -> Any:
        return type(_fresh(), (BaseModel,), {"__annotations__": FIELDS, "model_config": config})

    return build


def _msgspec() -> Any:
    import msgspec

    kind: Any = type(msgspec.Struct)
    return lambda: kind(_fresh(), (msgspec.Struct,), {"__annotations__": FIELDS})


def _cattrs() -> Any:
    import attrs
    from cattrs.preconf.json import make_converter

    def build() -> Any:
        made = attrs.define(type(_fresh(), (), {"__annotations__": dict(FIELDS)}))
        return make_converter().get_structure_hook(made)

    return build


def _dataclass() -> Any:
    return lambda: make_dataclass(_fresh(), FIELDS.items())


def _mashumaro() -> Any:
    from mashumaro.codecs import BasicDecoder

    def build() -> Any:
        made = make_dataclass(_fresh(), list(FIELDS.items()))
        made.__qualname__ = f"build.<locals>.{made.__name__}"
        return BasicDecoder(made)

    return build


def _marshmallow() -> Any:
    from marshmallow import Schema, fields

    kinds = {int: fields.Integer, str: fields.String, float: fields.Float, bool: fields.Boolean}

    def build() -> Any:
        return Schema.from_dict({name: kinds[kind]() for name, kind in FIELDS.items()})()

    return build


IMPORTS = {
    "interpreter": ("pass", ()),
    "msgspec": ("import msgspec; msgspec.Struct", ("msgspec",)),
    "pydantic": ("import pydantic; pydantic.BaseModel", ("pydantic",)),
    "pydantic_untouched": ("import pydantic", ("pydantic",)),
    "attrs_cattrs": ("import attrs, cattrs", ("cattrs",)),
    "marshmallow": ("import marshmallow", ("marshmallow",)),
    "mashumaro": ("import mashumaro.codecs", ("mashumaro",)),
    "jsonschema": ("import jsonschema", ("jsonschema",)),
    "cerberus": ("import cerberus", ("cerberus",)),
}


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    build = suite.comparison("build_model", title="One class of ten fields, defined", unit="ms")
    build.add("pydantic", _pydantic, needs="pydantic", baseline=True)
    build.add(
        "pydantic_deferred",
        lambda: _pydantic(defer=True),
        needs="pydantic",
        tuned_of="pydantic",
        note="defer_build=True: built at the first use",
    )
    build.add("msgspec", _msgspec, needs="msgspec", note="its decoder is made at the first use")
    build.add("cattrs", _cattrs, needs="cattrs")
    build.add("dataclass", _dataclass, note="the class alone, no check")
    build.add("mashumaro", _mashumaro, needs="mashumaro")
    build.add("marshmallow", _marshmallow, needs="marshmallow")

    imports = suite.comparison(
        "import_library", title="import in a fresh process", unit="ms", kind="run"
    )
    for name, (program, needs) in IMPORTS.items():
        imports.add(
            name,
            lambda program=program: Command([sys.executable, "-c", program]),
            needs=needs,
            baseline=name == "interpreter",
        )

    suite.claim(
        "msgspec defines a class at least five times faster than pydantic",
        speedup("build_model", "msgspec", "pydantic") >= 5,
    )
    suite.claim(
        "defer_build makes the definition of a pydantic class cheaper",
        speedup("build_model", "pydantic_deferred", "pydantic") >= 1.4,
    )
    suite.claim(
        "importing pydantic's BaseModel takes longer than importing msgspec",
        speedup("import_library", "msgspec", "pydantic") >= 1.4,
    )
