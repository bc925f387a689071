"""The tab that judges a change of a schema, and reads stored payloads of every version."""

from __future__ import annotations

import json
from typing import Any, cast

import streamlit as st
from jsonschema import Draft202012Validator, SchemaError

from velvet.ui import kit
from velvet_validation import versions
from velvet_validation.contender import Invalid
from velvet_validation.contenders import contender
from velvet_validation.samples import orders
from velvet_validation.samples.cases import valid
from velvet_validation.schema_changes import Change, Direction, breaking

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "qty": {"type": "integer", "minimum": 1},
        "status": {"enum": ["open", "paid", "shipped"]},
    },
    "required": ["id", "qty"],
    "additionalProperties": False,
}


PROPERTIES: dict[str, Any] = OLD["properties"]
CHANGES: dict[str, dict[str, Any]] = {
    "a new optional field": {"properties": {**PROPERTIES, "coupon": {"type": "string"}}},
    "a new status": {
        "properties": {**PROPERTIES, "status": {"enum": ["open", "paid", "shipped", "lost"]}}
    },
    "a field becomes required": {"required": ["id", "qty", "status"]},
    "a tighter minimum": {"properties": {**PROPERTIES, "qty": {"type": "integer", "minimum": 2}}},
    "number instead of integer": {
        "properties": {**PROPERTIES, "qty": {"type": "number", "minimum": 1}}
    },
}
DIRECTIONS: tuple[Direction, ...] = ("backward", "forward", "full")
MEANING = {
    "backward": "new code reads stored data",
    "forward": "old code reads new data",
    "full": "either reads the other's data",
}


def _stored(version: int) -> dict[str, Any]:
    """Return a payload as version 1, 2 or 3 of the code wrote it; 9 is from the future."""
    latest = {**valid("order"), "version": 3}
    if version > orders.order.latest:
        return {**latest, "version": version}
    return orders.order.migrate(latest, to=version)


def controls() -> dict[str, Any]:
    """Ask for the change, the direction and a stored payload."""
    left, right = st.columns(2)
    with left:
        change = kit.choice("The change", list(CHANGES), "a new status")
        direction = kit.choice(
            "Compatibility",
            list(DIRECTIONS),
            tip="; ".join(f"{word}: {meaning}" for word, meaning in MEANING.items()),
        )
        version = kit.choice("Load a stored order of version", ["1", "2", "3", "9"])
        st.caption("The old schema, by which the stored data was written")
        st.code(json.dumps(OLD, indent=1), language="json", height=270)
    with right:
        new = st.text_area(
            "The new schema (edit it)",
            json.dumps({**OLD, **CHANGES[change]}, indent=1),
            height=520,
            key=f"evolution-schema-{change}",
            bind="query-params",
        )
    return {"new": new, "direction": direction, "version": int(version)}


def changes(seen: kit.Seen) -> list[Change] | str:
    """Return the judged differences, or why the new text is no schema."""
    try:
        new = json.loads(seen.options["new"])
        Draft202012Validator.check_schema(new)
        return breaking(OLD, new, cast(Direction, seen.options["direction"]))
    except SchemaError as error:
        return error.message
    except (ValueError, RecursionError) as error:
        return str(error)


def load(version: int) -> tuple[dict[str, Any], str]:
    """Return a stored payload and what today's code makes of it."""
    payload = _stored(version)
    try:
        model = contender("pydantic").build("order", "strict")
        order = orders.order.load_any(payload, model)
    except (versions.VersionError, Invalid) as error:
        return payload, f"refused: {error}"
    price = cast(int, order.lines[0].price_cents)
    return payload, f"read: {order.customer.name}, first line {price} cents"


def draw(seen: kit.Seen) -> None:
    """Draw the changes as a table, then the stored payload and what becomes of it."""
    found = changes(seen)
    if isinstance(found, str):
        st.warning(f"The new text is no schema ({found}): mend it, or choose a change again.")
        found = []
    seen.table(
        [
            {
                "where": change.pointer or "/",
                "what changed": change.rule,
                "verdict": "BREAKS" if change.breaking else "safe",
            }
            for change in found
        ]
    )
    payload, outcome = load(seen.options["version"])
    st.markdown(f"**A stored order of version {seen.options['version']}** is {outcome}.")
    st.code(json.dumps({**payload, "lines": payload["lines"][:1]}, indent=1), language="json")


def finding(seen: kit.Seen) -> str:
    """Say whether the change may be deployed."""
    if isinstance(found := changes(seen), str):
        return ""
    if not found:
        return "Nothing changed."
    bad = [change for change in found if change.breaking]
    where = MEANING[seen.options["direction"]]
    if not bad:
        return f"**Safe** where {where}: nothing that was valid is refused."
    return f"**Breaks** where {where}: {bad[0].rule} at {bad[0].pointer or '/'}."


TAB = kit.Tab(
    "Evolution",
    question="May I change this schema while old data is stored?",
    tip="Add a status, then ask for forward: old code has never seen it.",
    controls=controls,
    draw=draw,
    finding=finding,
    code=(versions.Versioned.migrate,),
    command="velvet run 17 schema_evolution",
    next_step="Try it",
)
