"""Ten parsers behind one signature: text in, instant out, or an exception.

Each is called as its documentation shows. What comes back without an offset is refused here with
one error, so that a table compares what a text *means* and not what a type is.
"""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from velvet_datetime.clock import to_utc
from velvet_datetime.contenders import load
from velvet_datetime.rfc3339 import parse_rfc3339

Parser = Callable[[str], dt.datetime]
STRPTIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%f%z"


def _strptime(text: str) -> dt.datetime:
    has_fraction = "." in text
    form = STRPTIME_FORMAT if has_fraction else STRPTIME_FORMAT.replace(".%f", "")
    return dt.datetime.strptime(text, form)  # noqa: DTZ007 - the format has %z


def _engine(name: str) -> Callable[[], Parser]:
    """Return what imports an engine and gives its parser as datetime."""

    def make() -> Parser:
        engine = load(name)
        return lambda text: engine.instant(engine.parse(text))

    return make


def _attribute(module: str, name: str) -> Callable[[], Parser]:
    def make() -> Parser:
        found: Any = getattr(importlib.import_module(module), name)
        return cast(Parser, found)

    return make


# Each parser's name, and what makes it; an ImportError says that its library is not installed.
_MAKERS: dict[str, Callable[[], Parser]] = {
    "ours": lambda: lambda text: parse_rfc3339(text).instant,
    "fromisoformat": lambda: dt.datetime.fromisoformat,
    "strptime": lambda: _strptime,
    "ciso8601": _attribute("ciso8601", "parse_datetime"),
    "dateutil isoparse": _attribute("dateutil.parser", "isoparse"),
    "dateutil parse": _attribute("dateutil.parser", "parse"),
    "pendulum": _engine("pendulum"),
    "arrow": _engine("arrow"),
    "whenever": _engine("whenever"),
    "pandas": _engine("pandas"),
}
NAMES = tuple(_MAKERS)


@cache
def parser(name: str) -> Parser:
    """Return a parser by name; what it returns may be naive (see `instant_of`).

    Raises:
        ValueError: there is no parser of that name.
        ImportError: its library is not installed.
    """
    if name not in _MAKERS:
        raise ValueError(f"unknown parser {name!r}: choose one of {', '.join(NAMES)}")
    return _MAKERS[name]()


def instant_of(name: str, text: str) -> dt.datetime:
    """Return the instant that a parser reads; its own exceptions pass.

    Raises:
        NaiveDatetimeError: it read a text without an offset.
    """
    return to_utc(parser(name)(text))
