"""Whatever is valid comes back equal through every library, and bytes are no other road."""

from __future__ import annotations

import copy
import datetime as dt
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_validation.contender import Compiled, Contender, Invalid, validate
from velvet_validation.samples import cases

NAMES = st.from_regex(r"[a-z][a-z \u00e0-\u00ff]{0,18}[a-z]", fullmatch=True)
EMAILS = st.from_regex(r"[a-z0-9.]{1,20}@[a-z0-9.]{1,20}", fullmatch=True)
WEIGHTS = st.floats(0, 1000, allow_nan=False)
EARLIEST = dt.datetime(1000, 1, 1)  # noqa: DTZ001 - Hypothesis adds the time zone
TIMES = st.datetimes(EARLIEST, timezones=st.just(dt.timezone.utc)).map(dt.datetime.isoformat)
LINES = st.fixed_dictionaries(
    {
        "sku": st.from_regex(r"[a-z0-9-]{3,16}", fullmatch=True),
        "qty": st.integers(1, 1000),
        "price_cents": st.integers(0, 2**53),
        "weight": WEIGHTS,
    }
)
PAYLOADS: dict[cases.Family, st.SearchStrategy[Any]] = {
    "signup": st.fixed_dictionaries(
        {
            "email": EMAILS,
            "age": st.integers(0, 150),
            "password": st.text(st.characters(codec="utf-8"), min_size=8, max_size=64).filter(
                lambda text: bool(text.strip())
            ),
            "newsletter": st.booleans(),
        }
    ),
    "order": st.fixed_dictionaries(
        {
            "id": st.from_regex(r"[A-Z]{2}-[0-9]{4}", fullmatch=True),
            "number": st.integers(1, cases.MAX_NUMBER),
            "created": TIMES,
            "status": st.sampled_from(cases.STATUSES),
            "customer": st.fixed_dictionaries(
                {
                    "name": NAMES,
                    "email": EMAILS,
                    "birthday": st.none()
                    | st.dates(dt.date(1000, 1, 1)).map(lambda day: day.isoformat()),
                }
            ),
            "lines": st.lists(LINES, min_size=1, max_size=4),
            "tags": st.lists(NAMES, unique=True, max_size=5),
            "coupon": st.none() | st.from_regex(r"[a-z]{4,12}", fullmatch=True),
        }
    ),
    "event": st.builds(cases.event, st.sampled_from(list(cases.KINDS)), st.integers(1, 2**53)),
    "tree": st.recursive(
        st.builds(lambda name: {"name": name, "children": []}, NAMES),
        lambda inner: st.builds(
            lambda name, children: {"name": name, "children": children},
            NAMES,
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    ),
}


@lru_cache
def built(library: Contender, family: cases.Family, mode: Any) -> Compiled:
    return library.build(family, mode)


@pytest.mark.parametrize("family", list(PAYLOADS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_valid_payload_comes_back_equal(
    library: Contender, family: cases.Family, data: st.DataObject
) -> None:
    payload = data.draw(PAYLOADS[family])
    default, strict = built(library, family, "default"), built(library, family, "strict")
    before = copy.deepcopy(payload)

    value = strict.load(payload)

    assert strict.load(strict.dump(value)) == value
    assert strict.loads(strict.dumps(value)) == value
    assert default.dump(default.load(payload)) == strict.dump(value)
    assert payload == before


@settings(max_examples=40, deadline=None)
@given(
    field=st.sampled_from(["email", "age", "password", "newsletter"]),
    value=st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.lists(st.integers(), max_size=2),
)
def test_strict_accepts_a_part_of_what_default_accepts(
    library: Contender, field: str, value: Any
) -> None:
    payload = {**cases.valid("signup"), field: value}
    strict = built(library, "signup", "strict")
    try:
        accepted = validate(strict, payload)
    except (Invalid, ValueError):
        return

    default = built(library, "signup", "default")
    assert repr(default.dump(validate(default, payload))) == repr(strict.dump(accepted))
