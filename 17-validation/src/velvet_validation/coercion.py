"""What becomes of a value that has another type than the declared one.

Every library converts something: "42" to 42, 1.5 to 1, True to 1. A conversion is lossy when the
input cannot be restored from the output; that is decided by a rule here, never by a list.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import re
import uuid
from dataclasses import dataclass
from enum import Enum
from typing import Any

from velvet_validation.contender import Contender, Mode, Unsupported
from velvet_validation.samples.values import INPUTS, TARGETS

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class Kind(str, Enum):
    """What became of an input."""

    SAME = "same"
    CONVERTED = "converted"
    LOSSY = "lossy"
    REJECTED = "rejected"
    CRASHED = "crashed"
    ABSENT = "no such type"


@dataclass(frozen=True)
class Cell:
    """One input at one target: what became of it, and the value or the exception."""

    kind: Kind
    value: Any = None


def is_lossy(given: Any, got: Any) -> bool:
    """Tell whether a conversion dropped information that nothing can restore.

    >>> is_lossy("42", 42), is_lossy(1.5, 1), is_lossy(True, 1), is_lossy("\uff11", 1)
    (False, True, True, True)
    """
    if type(given) is type(got) and not isinstance(given, (list, tuple, set)):
        return bool(given != got and given == given)
    if isinstance(got, bool) or isinstance(given, bool):
        return isinstance(given, bool) or given not in ("true", "false")
    if isinstance(got, (int, float, decimal.Decimal)):
        return _loses_number(given, got)
    if isinstance(got, (list, tuple, set, frozenset)):
        if not isinstance(given, (list, tuple, set, frozenset)) or len(given) != len(got):
            return True
        if isinstance(got, (set, frozenset)):
            given, got = sorted(given, key=str), sorted(got, key=str)
        return any(is_lossy(one, other) for one, other in zip(given, got, strict=True))
    return not _restores(given, got)


def _loses_number(given: Any, got: Any) -> bool:
    if isinstance(given, str):
        if given == str(got) and given.isascii():
            return False
        if not _PLAIN_NUMBER.fullmatch(given):
            return True
        given = decimal.Decimal(given)
    # Through repr, as a reader would write the number down: 1.1 and Decimal("1.1") agree.
    pair = [decimal.Decimal(repr(n)) if isinstance(n, float) else n for n in (given, got)]
    return not isinstance(given, (int, float, decimal.Decimal)) or bool(pair[0] != pair[1])


def _restores(given: Any, got: Any) -> bool:
    """Tell whether a text, a time, an identifier or bytes can be turned back."""
    if isinstance(got, Enum):
        return bool(got.value == given)
    if isinstance(got, uuid.UUID):
        return str(got) == str(given).lower()
    if isinstance(got, dt.datetime) and isinstance(given, (int, float)):
        return got.tzinfo is not None and got.timestamp() == given
    if isinstance(got, (dt.date, dt.time)):
        if isinstance(given, dt.datetime):
            return False  # a date keeps no time of day
        said = given.isoformat() if isinstance(given, dt.date) else str(given)
        compact = (got.isoformat(), got.isoformat().replace("-", ""))
        return said.replace("Z", "+00:00") in compact or got.isoformat() == f"{said}T00:00:00"
    if isinstance(got, bytes):
        return given in (got.decode("utf-8", "replace"), base64.b64encode(got).decode())
    if isinstance(given, bytes):
        return isinstance(got, str) and got.encode() == given
    return (
        isinstance(got, str)
        and not isinstance(given, (list, dict, set, tuple))
        and got == str(given)
    )


def cell(compiled: Any, given: Any) -> Cell:
    """Return what one compiled type makes of one input."""
    try:
        got = compiled.load(given)
    except compiled.errors as error:
        return Cell(Kind.REJECTED, error)
    except Exception as error:  # noqa: BLE001 - any other exception is the finding
        return Cell(Kind.CRASHED, error)
    if type(got) is type(given) and repr(got) == repr(given):
        return Cell(Kind.SAME, got)
    return Cell(Kind.LOSSY if is_lossy(given, got) else Kind.CONVERTED, got)


def column(contender: Contender, target: str, mode: Mode = "default") -> list[Cell]:
    """Return what a library makes of every input at one target, in the order of `INPUTS`."""
    if target not in TARGETS:
        raise ValueError(f"unknown target {target!r}: choose one of {', '.join(TARGETS)}")
    try:
        compiled = contender.build_type(TARGETS[target], mode)
    except Unsupported:
        return [Cell(Kind.ABSENT)] * len(INPUTS)
    return [cell(compiled, given) for given in INPUTS]


def surprises(contender: Contender, mode: Mode = "default") -> list[tuple[str, Any, Any]]:
    """Return target, input and value of every conversion that loses information."""
    return [
        (target, given, found.value)
        for target in TARGETS
        for given, found in zip(INPUTS, column(contender, target, mode), strict=True)
        if found.kind is Kind.LOSSY
    ]


def round_trip(contender: Contender, target: str, value: Any, mode: Mode = "default") -> str:
    """Return "same", or what goes wrong on the way value -> dump -> JSON -> load.

    The words are "changed to X", "dump is no JSON", "load refuses its own dump", "no such type".
    """
    try:
        compiled = contender.build_type(TARGETS[target], mode)
    except Unsupported:
        return "no such type"
    try:
        text = json.dumps(compiled.dump(value))
    except Exception:  # noqa: BLE001 - whatever it raises, this value has no way out
        return "dump is no JSON"
    try:
        back = compiled.load(json.loads(text))
    except Exception:  # noqa: BLE001 - as above, for the way in
        return "load refuses its own dump"
    # The text tells 1.1 from 1.10 and 0.0 from -0.0; that of a set has any order.
    written = isinstance(value, set) or str(back) == str(value)
    same = type(back) is type(value) and back == value and written
    return "same" if same else f"changed to {back!r}"
