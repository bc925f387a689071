"""What one check of a Python object costs, by library and payload."""

from __future__ import annotations

from functools import partial
from typing import Any

from velvet.bench import Suite, ratio, speedup
from velvet_validation.comparisons import NEEDS, equal_work, note, ready
from velvet_validation.samples import cases

PAYLOADS: dict[str, tuple[cases.Family, int]] = {
    "signup": ("signup", 1),
    "order": ("order", 1),
    "feed of 100": ("feed", 100),
}


def _library(name: str, payload: str) -> Any:
    family, n = PAYLOADS[payload]
    sent = cases.valid(family, n)
    return partial(ready(name, family, sent).load, sent)


def _cattrs_fast(payload: str) -> Any:
    from velvet_validation.contenders import cattrs

    family, n = PAYLOADS[payload]
    sent = cases.valid(family, n)
    return partial(equal_work(cattrs.build(family, detailed=False), sent, "cattrs").load, sent)


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    checks = suite.comparison(
        "validate_python",
        title="One valid payload from json.loads, checked and converted",
        unit="us",
        sizes={"payload": list(PAYLOADS)},
        quick=lambda payload: payload == "order",
    )
    for name, needs in NEEDS.items():
        checks.add(
            name,
            partial(_library, name),
            needs=needs,
            baseline=name == "handwritten",
            note=note(name),
        )
    checks.add(
        "cattrs_fast",
        _cattrs_fast,
        needs="cattrs",
        tuned_of="cattrs",
        note="detailed_validation=False: the first error only, without its path",
    )

    suite.claim(
        "marshmallow takes a multiple of pydantic's time",
        ratio("validate_python", "marshmallow", "pydantic", payload="order") >= 3,
    )
    suite.claim(
        "Cerberus takes more than ten times pydantic's time",
        ratio("validate_python", "cerberus", "pydantic", payload="order") >= 10,
    )
    suite.claim(
        "generated code checks a JSON Schema several times faster than an interpreter of schemas",
        speedup("validate_python", "fastjsonschema", "jsonschema", payload="order") >= 4,
    )
