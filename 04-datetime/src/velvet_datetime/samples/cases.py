"""The cases of the matrix, from `cases.json`: question, kind, arguments, expected value, source.

An expected value of None means that a right engine refuses; the kind `parse_iso` may refuse or be
right. Walls and instants are written as Python 3.10's `datetime.fromisoformat` reads them, instants
are UTC. The kinds are functions of `velvet_datetime.matrix`. Every value holds by IANA 2025b and
later.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

Row = tuple[str, str, tuple[Any, ...], "str | None", str]


@cache
def _stored() -> dict[str, Any]:
    place = resources.files(__package__) / "cases.json"
    stored: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return stored


@cache
def categories() -> dict[str, tuple[Row, ...]]:
    """Return the rows of each category, in order."""
    return {
        category: tuple(
            (q, kind, tuple(args), want, source) for q, kind, args, want, source in rows
        )
        for category, rows in _stored()["cases"].items()
    }


@cache
def texts() -> dict[str, str | None]:
    """Return texts for parsers with what RFC 3339 says: the instant, or None for "not valid"."""
    of_matrix = {
        str(arguments[0]): None if kind == "parse_iso" else expected
        for _, kind, arguments, expected, _ in categories()["texts"]
    }
    return {**of_matrix, **_stored()["more texts"]}
