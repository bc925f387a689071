"""The kit of `semver_sort`."""

from __future__ import annotations

from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit


def _compare(a: str, b: str) -> int:
    """Compare two versions word by word as section 11 says, slowly."""
    (core_a, _, pre_a), (core_b, _, pre_b) = (
        one.partition("+")[0].partition("-") for one in (a, b)
    )
    numbers = [[int(part) for part in core.split(".")] for core in (core_a, core_b)]
    if numbers[0] != numbers[1]:
        return 1 if numbers[0] > numbers[1] else -1
    if not pre_a or not pre_b:
        return (not pre_a) - (not pre_b)
    left, right = pre_a.split("."), pre_b.split(".")
    for one, two in zip(left, right, strict=False):
        if one == two:
            continue
        if one.isdigit() and two.isdigit():
            return 1 if int(one) > int(two) else -1
        if one.isdigit() or two.isdigit():
            return -1 if one.isdigit() else 1
        return 1 if one > two else -1
    return (len(left) > len(right)) - (len(left) < len(right))


def _check(m: Any, x: Any) -> None:
    result = m.ordered(x)
    assert sorted(result) == sorted(x)
    for a, b in pairwise(result):
        assert m.key(a) <= m.key(b)
    for one in x:
        released = one.partition("-")[0].partition("+")[0]
        assert m.key(one) <= m.key(released)
        assert m.key(m.bump(one, "minor")) > m.key(one)


def _relate(m: Any, x: Any) -> None:
    plain = [one.partition("+")[0] for one in x]
    stamped = [one + "+build.7" for one in plain]
    assert [one.partition("+")[0] for one in m.ordered(stamped)] == m.ordered(plain)
    assert m.ordered(m.ordered(x)) == m.ordered(x)


_core = st.tuples(*[st.sampled_from((0, 1, 2, 9, 10))] * 3).map(lambda v: ".".join(map(str, v)))
_identifier = st.sampled_from(("0", "2", "10", "a", "rc", "alpha"))
_pre = st.lists(_identifier, max_size=3).map(lambda parts: "-" + ".".join(parts) if parts else "")
_version = st.builds(
    lambda core, pre, build: core + pre + build, _core, _pre, st.sampled_from(("", "", "+b1"))
)
KIT = Kit(
    happy=(
        'ordered(["1.10.0", "1.9.0", "1.9.1"]) == ["1.9.0", "1.9.1", "1.10.0"]',
        'bump("1.2.3", "minor") == "1.3.0"',
        'bump("1.2.3", "major") == "2.0.0"',
    ),
    edges=(
        "ordered([]) == []",
        'ordered(["1.0.0", "1.0.0-rc.1"]) == ["1.0.0-rc.1", "1.0.0"]',
        'ordered(["1.0.0-rc.10", "1.0.0-rc.2"]) == ["1.0.0-rc.2", "1.0.0-rc.10"]',
        'ordered(["1.0.0-a.1", "1.0.0-a"]) == ["1.0.0-a", "1.0.0-a.1"]',
        'raises(ValueError, key, "1.2")',
        'raises(ValueError, key, "01.2.3")',
        'raises(ValueError, key, "1.2.3-")',
        'raises(ValueError, key, "1.2.3-a..b")',
        'bump("1.2.3", "patch") == "1.2.4"',
        'raises(ValueError, bump, "1.2.3", "x")',
    ),
    snapshot=(
        'ordered(["2.0.0", "1.0.0-alpha", "1.0.0", "1.0.0-beta.2"])',
        'bump("0.9.9", "minor")',
    ),
    seeds=("1.2.3", "1.0.0-rc.1", "10.0.0-alpha+b.1"),
    target=lambda m, x: m.key(x),
    inputs=st.lists(_version, min_size=1, max_size=5),
    exercise=lambda m, x: m.ordered(x),
    check=_check,
    oracle=lambda x: sorted(x, key=cmp_to_key(_compare)),
    relate=_relate,
)
