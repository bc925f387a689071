"""What is measured: one file a subject, each with `add_to(suite)`."""

from __future__ import annotations

import json
from typing import Any

from velvet_validation.contender import Compiled, Mode
from velvet_validation.contenders import contender
from velvet_validation.samples import cases

# Each contender and the distribution that it needs.
NEEDS: dict[str, tuple[str, ...]] = {
    "handwritten": (),
    "msgspec": ("msgspec",),
    "mashumaro": ("mashumaro",),
    "pydantic": ("pydantic",),
    "cattrs": ("cattrs",),
    "voluptuous": ("voluptuous",),
    "marshmallow": ("marshmallow",),
    "cerberus": ("cerberus",),
    "jsonschema": ("jsonschema",),
    "fastjsonschema": ("fastjsonschema",),
    "jsonschema_rs": ("jsonschema-rs",),
    "nothing": (),
}


def note(name: str) -> str:
    """Say where a contender does less work than the others."""
    return {
        "jsonschema": "checks only, converts nothing",
        "fastjsonschema": "checks only, converts nothing",
        "jsonschema_rs": "checks only, converts nothing",
        "mashumaro": "types only, no constraints",
        "nothing": "uses the payload unchecked",
    }.get(name, "")


def equal_work(compiled: Compiled, payload: Any, name: str) -> Compiled:
    """Return a schema after it was seen to keep every value of the payload.

    Raises:
        ValueError: what it loads is not what was sent, so its time says nothing.
    """
    kept = compiled.dump(compiled.load(payload))
    if _text(kept) != _text(payload):
        raise ValueError(f"{name} does not keep the payload: it would be timed for other work")
    return compiled


def _text(payload: Any) -> str:
    """Return JSON in which both spellings of UTC are one."""
    return json.dumps(payload).replace('+00:00"', 'Z"')


def ready(name: str, family: cases.Family, payload: Any, mode: Mode = "default") -> Compiled:
    """Return a contender's schema, seen to do equal work on the payload."""
    return equal_work(contender(name).build(family, mode), payload, name)
