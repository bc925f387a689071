"""Keep a value as it is now, without ever running the program's own code.

A recorder that calls `repr` runs a stranger's method on every line: it may raise, sleep, log, or
build a gigabyte of text. Here a scalar is kept as it is, because it cannot change; a container is
written down to a depth and a length; an object is shown by its class and attributes. Nothing of
that calls a method of the program, so there is nothing to time out.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable
from typing import Any

MAX_DEPTH, MAX_ITEMS, MAX_TEXT, MAX_BITS = 3, 12, 120, 4_000
HIDDEN = "<hidden>"
# Immutable, and without a method of the program: kept by reference, written when it is shown.
SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None), range, type(...)})
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("{", "}"),
}  # fmt: skip
_NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)
# What `type` itself knows of a class; asking the class would run its metaclass.
_OF_TYPE: Any = vars(type)


class Text(str):
    """What a value that may change looked like when it was recorded."""

    __slots__ = ()


def keep(value: Any) -> Any:
    """Return a scalar itself, and a `Text` for anything else."""
    return value if type(value) in SCALARS else Text(written(value))


def shown(kept: Any) -> str:
    """Return what is shown of a kept value; at most about `MAX_TEXT` characters."""
    return str(kept) if type(kept) is Text else written(kept)


def written(value: Any, depth: int = 0, secret: re.Pattern[str] | None = None) -> str:
    """Return a bounded text of any value; raises nothing and calls nothing of the program.

    Args:
        secret: what a key or an attribute is called whose value is left out, at any depth.
    """
    kind = type(value)
    if kind in SCALARS:
        return _scalar(value)
    if depth >= MAX_DEPTH:
        return f"<{_class(kind)}>"
    if kind in _BRACKETS:
        left, right = _BRACKETS[kind]
        return _cut(f"{left}{_items(list(_first(value)), len(value), depth, secret)}{right}")
    if kind is dict:
        pairs = [
            f"{written(key, depth + 1)}: {_named(key, one, depth, secret)}"
            for key, one in list(_first(value.items()))
        ]
        more = [f"... {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else []
        return _cut("{" + ", ".join(pairs + more) + "}")
    if issubclass(kind, type):
        return f"<{_class(kind)} {_class(value)}>"
    if kind in _NAMED:
        return f"<{kind.__name__} {value.__name__}>"
    fields = attributes(value)
    if not fields:
        return f"<{_class(kind)}>"
    items = list(_first(fields.items()))
    inner = [f"{key}={_named(key, one, depth, secret)}" for key, one in items]
    return _cut(f"{_class(kind)}({', '.join(inner)})")


def _scalar(value: Any) -> str:
    if type(value) is int and value.bit_length() > MAX_BITS:
        return f"<int of {value.bit_length():,} bits>"
    if isinstance(value, str | bytes) and len(value) > MAX_TEXT:
        return f"{value[:MAX_TEXT]!r}... {len(value):,} long"
    return repr(value)


def _class(kind: type) -> str:
    return str(_OF_TYPE["__name__"].__get__(kind))


def attributes(value: Any) -> dict[str, Any] | None:
    """Return an object's own attributes; None where a class has put code in the way of them."""
    for one in _OF_TYPE["__mro__"].__get__(type(value)):
        slot = _OF_TYPE["__dict__"].__get__(one).get("__dict__")
        if slot is not None:
            plain = type(slot) is types.GetSetDescriptorType
            found = slot.__get__(value) if plain else None
            return found if type(found) is dict else None
    return None


def _first(items: Iterable[Any]) -> Iterable[Any]:
    """Yield the first items; a container that another thread changes meanwhile just ends."""
    try:
        for number, item in enumerate(items):
            if number == MAX_ITEMS:
                return
            yield item
    except RuntimeError:
        return


def _named(key: Any, value: Any, depth: int, secret: re.Pattern[str] | None) -> str:
    if secret is not None and type(key) is str and secret.search(key):
        return HIDDEN
    return written(value, depth + 1, secret)


def _items(items: list[Any], length: int, depth: int, secret: re.Pattern[str] | None) -> str:
    parts = [written(item, depth + 1, secret) for item in items]
    if length > MAX_ITEMS:
        parts.append(f"... {length - MAX_ITEMS:,} more")
    return ", ".join(parts)


def _cut(text: str) -> str:
    return text if len(text) <= 4 * MAX_TEXT else text[: 4 * MAX_TEXT] + "..."
