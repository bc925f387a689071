"""No validation: the payload is used, and what is wrong is found when a line crashes."""

from __future__ import annotations

import platform
from typing import Any

from velvet_validation.cases import Family
from velvet_validation.contender import Compiled, Mode, Problem, Unsupported, same

label = "no validation"
version = platform.python_version()
features = frozenset({"checks_only"})
gaps = ("every rule",)


def _use_order(order: Any) -> Any:
    total = sum(line["qty"] * line["price_cents"] for line in order["lines"])
    return (order["id"], order["customer"]["email"].lower(), order["status"], total)


def _use_tree(tree: Any) -> int:
    return len(tree["name"]) + sum(_use_tree(child) for child in tree["children"])


_USES: dict[Family, Any] = {
    "signup": lambda d: (d["email"].lower(), d["age"] + 1, len(d["password"])),
    "order": _use_order,
    "feed": lambda rows: [_use_order(row) for row in rows],
    "event": lambda d: (d["kind"], d["id"] + 1),
    "tree": _use_tree,
}


def problems(error: Exception) -> list[Problem]:
    """Return the crash, which knows no path."""
    return [Problem((), "", f"{type(error).__name__}: {error}")]


def build(family: Family, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Return a function that uses the payload as a handler would."""
    use = _USES[family]

    def load(payload: Any) -> Any:
        use(payload)
        return payload

    return Compiled(load, same, problems, errors=(LookupError, TypeError, AttributeError))


def build_type(target: Any, mode: Mode = "default") -> Compiled:  # noqa: ARG001
    """Refuse: there is nothing to compile."""
    raise Unsupported(f"nothing checks {target}")
