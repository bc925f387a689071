"""A union of tagged events, by the way it is stated and the number of its members."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Suite, Timed, speedup, value
from velvet_validation import unions as ways
from velvet_validation.samples import cases

BAD = "bad field"


def _way(name: str, members: int, event: str) -> Timed:
    check: Callable[[Any], Any] = ways.WAYS[name](members)
    kinds = list(cases.KINDS)[:members]
    payload = cases.event(kinds[0] if event == "first" else kinds[-1])
    if event == BAD:
        payload["id"] = "x"
    wrong = {**payload, "id": "x"}

    def run() -> bool:
        try:
            check(payload)
        except Exception:  # noqa: BLE001 - each library has its own type
            return False
        return True

    if run() is (event == BAD):
        raise ValueError(f"{name} judges the event wrongly")
    return Timed(run, metrics=lambda: {"errors": float(ways.error_count(check, wrong))})


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    union = suite.comparison(
        "union",
        title="One event of a union of tagged kinds",
        unit="us",
        sizes={"members": [2, 5, 20], "event": ["first", "last", BAD]},
        default=lambda members, event: event == "last" or (members == 20 and event == BAD),
        quick=lambda members, event: members == 20 and event == "last",
        metrics={"errors": "errors"},
    )
    for name in ways.WAYS:
        library = name.split("_")[0]
        union.add(name, partial(_way, name), needs=library, baseline=name == "pydantic_smart")

    at = {"members": 20, "event": "last"}
    suite.claim(
        "a discriminator makes a union of twenty models several times faster",
        speedup("union", "pydantic_discriminated", "pydantic_smart", **at) >= 2.5,
    )
    suite.claim(
        "a plain union of twenty answers one bad field with more than twenty errors",
        value("union", "pydantic_smart", "errors", **at) >= 21,
    )
    suite.claim(
        "a discriminated union answers one bad field with one error",
        value("union", "pydantic_discriminated", "errors", **at).equals(1),
    )
    suite.claim(
        "if/then on the tag is faster than oneOf over twenty members",
        speedup("union", "jsonschema_if_then", "jsonschema_one_of", **at) >= 1.25,
    )
