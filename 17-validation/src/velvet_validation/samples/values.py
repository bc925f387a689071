"""Types, the inputs that are tried at each of them, and one good value of each."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from enum import Enum
from typing import Any, Literal, Optional


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

# What a value looks like that should survive a trip through JSON.
GOOD: dict[str, Any] = {
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
