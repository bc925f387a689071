"""No validation: the payload is used, and what is wrong is found when a line crashes."""

from __future__ import annotations

from typing import Any

from velvet_validation.contender import Compiled, Mode, Problem, Unsupported
from velvet_validation.samples.cases import Family

label = "no validation"
gaps = ("every rule",)


def _use(payload: Any) -> Any:
    """Do with a payload what a handler would, whatever the family."""
    if "lines" in payload or "customer" in payload:
        total = sum(line["qty"] * line["price_cents"] for line in payload["lines"])
        return payload["id"], payload["customer"]["email"].lower(), payload["status"], total
    if "children" in payload:
        return len(payload["name"]), [_use(child) for child in payload["children"]]
    if "id" in payload:
        return payload["kind"], payload["id"] + 1
    return payload["email"].lower(), payload["age"] + 1, len(payload["password"])


def problems(error: Exception) -> list[Problem]:
    """Return the crash, which knows no path."""
    return [Problem((), "", f"{type(error).__name__}: {error}")]


def build(family: Family, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Return a function that uses the payload as a handler would."""

    def load(payload: Any) -> Any:
        for one in payload if family == "feed" else [payload]:
            _use(one)
        return payload

    return Compiled(load, lambda v: v, problems, (LookupError, TypeError, AttributeError))


def build_type(target: Any, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Refuse: there is nothing to compile."""
    raise Unsupported(f"nothing checks {target}")
