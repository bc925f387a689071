"""Keep a value as it is now, without ever running the program's own code.

A recorder that calls `repr` runs a stranger's method on every line: it may raise, sleep, log, or
build a gigabyte of text. Here a scalar is kept as it is, because it cannot change; a container is
written down to a depth and a length; an object is shown by its class and attributes. Nothing of
that calls a method of the program, so there is nothing to time out.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Sized
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

    Values under a key or an attribute whose name fits `secret` are left out, at any depth.
    """
    kind = type(value)
    if kind in SCALARS:
        return _scalar(value)
    if not depth < MAX_DEPTH:
        return f"<{_class(kind)}>"

    def pairs(fields: dict[Any, Any], sign: str, name: Callable[[Any], str]) -> list[str]:
        found = []
        for key, one in list(_first(fields.items())):
            hidden = secret is not None and type(key) is str and secret.search(key)
            inner = HIDDEN if hidden else written(one, depth + 1, secret)
            found.append(f"{name(key)}{sign}{inner}")
        return found

    if kind in _BRACKETS:
        left, right = _BRACKETS[kind]
        return _cut(left, [written(one, depth + 1, secret) for one in _first(value)], value, right)
    if kind is dict:
        return _cut("{", pairs(value, ": ", lambda key: written(key, depth + 1)), value, "}")
    if issubclass(kind, type):
        return f"<{_class(kind)} {_class(value)}>"
    if kind in _NAMED:
        return f"<{kind.__name__} {value.__name__}>"
    fields = attributes(value)
    if not fields:
        return f"<{_class(kind)}>"
    return _cut(f"{_class(kind)}(", pairs(fields, "=", str), fields, ")")


def _cut(left: str, parts: list[str], whole: Sized, right: str) -> str:
    more = [f"... {len(whole) - MAX_ITEMS:,} more"] if len(whole) > MAX_ITEMS else []
    text = f"{left}{', '.join(parts + more)}{right}"
    return text if len(text) <= 4 * MAX_TEXT else text[: 4 * MAX_TEXT] + "..."


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
