"""What was found, decoded or measured stays what it was: its values cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from velvet_text import (
    deadline,
    decode,
    engines,
    inspect_text,
    keywords,
    logs,
    mojibake,
    pitfalls,
    units,
)
from velvet_text.audit import audit

LINE = 'h - - [t] "GET / HTTP/1.1" 200 - "-" "x"'
VALUES: list[Callable[[], Any]] = [
    lambda: audit("a+"),
    lambda: deadline.measure_growth("re", "a", pump="a", sizes=[1], budget_s=60),
    lambda: decode.detector("utf8_else_cp1252")(b"x"),
    lambda: decode.decode_bytes(b"x"),
    lambda: engines.engine("re").compile("a").search("a"),
    lambda: engines.engine("re").compile("a"),
    lambda: inspect_text.inspect("\u202e")[0],
    lambda: keywords.build("trie", ["cat"]).find("cat")[0],
    lambda: logs.parser("negated")(LINE),
    lambda: mojibake.repair("x"),
    lambda: pitfalls.search("")[0],
    lambda: units.lengths("x"),
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[], Any]) -> None:
    value = make()

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)
