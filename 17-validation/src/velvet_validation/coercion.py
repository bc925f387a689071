"""What becomes of a value that has another type than the declared one.

Every library converts something: "42" to 42, 1.5 to 1, True to 1. A conversion is lossy when the
input cannot be told from the output; that is decided by a rule here, never by a list.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Optional

from velvet_validation.contender import Contender, Mode, Unsupported


class Color(Enum):
    """The enumeration of the grid."""

    RED = "red"
    BLUE = "blue"


TARGETS: dict[str, Any] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "Decimal": decimal.Decimal,
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "UUID": uuid.UUID,
    "Enum": Color,
    "Literal": Literal["red", "blue"],
    "list[int]": list[int],
    "tuple[int, str]": tuple[int, str],
    "set[int]": set[int],
    "Optional[int]": Optional[int],  # noqa: UP045
}

INPUTS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 1.0, 1.5, -0.5, 1e30, float("nan"), float("inf"),
    2**53 + 1, 2**70, 1_770_000_000,
    "", " ", "1", " 1 ", "+1", "01", "1.0", "1.5", "1e3", "1_000", "0x10", "\uff11", "nan",
    "true", "yes", "no", "0", "red", "RED", "abc",
    "2026-02-03", "2026-02-30", "2026-02-03T04:05:06+00:00", "2026-02-03T04:05:06", "20260203",
    "04:05:06", "12345678-1234-5678-1234-567812345678",
    b"1", b"\xff", [1, 2], ["1", 2.0], [1, 1], [1, "a"], (1, 2), {1, 2}, {"a": 1}, {},
    dt.datetime(2026, 2, 3, 4, 5, 6), dt.date(2026, 2, 3), decimal.Decimal("1.10"),  # noqa: DTZ001
)  # fmt: skip

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


@dataclass(frozen=True)
class Surprise:
    """A value that was accepted and lost information on the way."""

    contender: str
    target: str
    given: Any
    got: Any


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
    if isinstance(given, (int, float, decimal.Decimal)):
        # Through repr, as a reader would write the number down: 1.1 and Decimal("1.1") agree.
        return bool(decimal.Decimal(repr(got) if isinstance(got, float) else got) != (
            decimal.Decimal(repr(given)) if isinstance(given, float) else given
        ))  # fmt: skip
    return True


def _restores(given: Any, got: Any) -> bool:
    """Tell whether a text, a time, an identifier or bytes can be turned back."""
    if isinstance(got, Enum):
        return bool(got.value == given)
    if isinstance(got, uuid.UUID):
        return str(got) == str(given).lower()
    if isinstance(got, (dt.date, dt.time)):
        if isinstance(given, (int, float)) and isinstance(got, dt.datetime):
            return got.tzinfo is not None and got.timestamp() == given
        if isinstance(given, dt.datetime):
            return False  # a date keeps no time of day
        said = given.isoformat() if isinstance(given, dt.date) else str(given)
        compact = (got.isoformat(), got.isoformat().replace("-", ""))
        return said.replace("Z", "+00:00") in compact or got.isoformat() == f"{said}T00:00:00"
    if isinstance(got, bytes):
        if isinstance(given, str):
            return given in (got.decode("utf-8", "replace"), base64.b64encode(got).decode())
        return False
    if isinstance(got, str):
        if isinstance(given, bytes):
            return got.encode() == given
        return not isinstance(given, (list, dict, set, tuple)) and got == str(given)
    return False


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


def surprises(
    contenders: dict[str, Contender],
    targets: Sequence[str] = tuple(TARGETS),
    mode: Mode = "default",
) -> list[Surprise]:
    """Return every lossy conversion. O(contenders x targets x inputs)."""
    return [
        Surprise(name, target, given, found.value)
        for name, contender in contenders.items()
        for target in targets
        for given, found in zip(INPUTS, column(contender, target, mode), strict=True)
        if found.kind is Kind.LOSSY
    ]


# What a value looks like that should survive a trip through JSON.
SAMPLES: dict[str, Any] = {
    "int": 2**53 + 1,
    "float": 0.1,
    "bool": True,
    "str": "na\u00efve \U0001f9e9",
    "bytes": b"\x00\xff\x10",
    "Decimal": decimal.Decimal("1.10"),
    "datetime": dt.datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=dt.timezone.utc),
    "date": dt.date(2026, 2, 3),
    "time": dt.time(4, 5, 6),
    "UUID": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "Enum": Color.BLUE,
    "Literal": "blue",
    "list[int]": [1, 2],
    "tuple[int, str]": (1, "a"),
    "set[int]": {1, 2},
    "Optional[int]": None,
}


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
    same = type(back) is type(value) and back == value and str(back) == str(value)
    return "same" if same else f"changed to {back!r}"
