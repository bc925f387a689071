"""The guard and `json.loads` agree on everything that the guard does not refuse by name."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_validation.guard import Limits, NotIJson, Refused, safe_loads

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(JSON, st.booleans())
def test_every_ordinary_document_is_read_as_json_reads_it(value: Any, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode()

    assert safe_loads(data) == json.loads(data)


@given(st.binary(max_size=60) | st.text('[]{}",:\\0e9-+. \n', max_size=40).map(str.encode))
def test_any_bytes_are_read_alike_or_refused_by_type(data: bytes) -> None:
    try:
        value = safe_loads(data)
    except NotIJson as error:
        if "no JSON (" in error.reason:
            _assert_json_refuses(data)
        return
    except Refused:
        return
    assert repr(value) == repr(json.loads(data))


def _assert_json_refuses(data: bytes) -> None:
    try:
        json.loads(data)
    except ValueError:
        return
    raise AssertionError(f"json reads {data!r}")


@given(st.integers(1, 40), st.integers(1, 40))
def test_depth_is_counted_as_it_is_nested(depth: int, allowed: int) -> None:
    data = b"[" * depth + b"]" * depth
    limits = Limits(max_depth=allowed)

    try:
        safe_loads(data, limits)
    except Refused:
        assert depth > allowed
    else:
        assert depth <= allowed
