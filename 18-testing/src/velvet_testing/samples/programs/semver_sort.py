"""Semantic versions 2.0.0: order, bumps, ranges.

Precedence as in section 11 of the specification: numeric identifiers by value and below
alphanumeric ones, a pre-release below its release, a shorter list of identifiers below a longer
one that begins alike; build metadata has no part in it. Leading zeros are a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = r"(0|[1-9]\d*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
Key = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def key(version: str) -> Key:
    """Return what sorts as the version's precedence does."""
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(f"{version!r} is no semantic version")
    major, minor, patch, pre = found.groups()
    parts = []
    for part in (pre or "").split(".") if pre else ():
        if part == "" or (part.isdigit() and part != "0" and part[0] == "0"):
            raise ValueError(f"{version!r}: identifier {part!r}")
        parts.append((False, int(part), "") if part.isdigit() else (True, 0, part))
    return (int(major), int(minor), int(patch)), pre is None, tuple(parts)


def ordered(versions: Iterable[str]) -> list[str]:
    """Return the versions, the lowest precedence first; equal ones keep their order."""
    return sorted(versions, key=key)


def bump(version: str, level: str) -> str:
    """Return the next release at a level: major, minor or patch."""
    (major, minor, patch), released, _ = key(version)
    if level == "major":
        return f"{major + 1}.0.0"
    if level == "minor":
        return f"{major}.{minor + 1}.0"
    if level == "patch":
        return f"{major}.{minor}.{patch + released}"
    raise ValueError(f"{level!r} is no level")
