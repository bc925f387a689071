"""Semantic versions (SemVer 2.0.0): read, compare by section 11, raise, and say in Python's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from velvet_devtools.errors import SemverError

_NUMBER = r"(0|[1-9][0-9]*)"
_WORD = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_WORD}(?:\.{_WORD})*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)
MAX_LENGTH = 1_000
_PEP440 = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "rc": "rc"}


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version; the build part is kept and has no precedence (section 10).

    >>> Version.parse("1.0.0-rc.1") < Version.parse("1.0.0")
    True
    """

    major: int
    minor: int
    patch: int
    pre: tuple[str, ...] = ()
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> Version:
        """Read a version.

        Raises:
            SemverError: a leading zero, a missing number, a letter in front, or too long.
        """
        if len(text) > MAX_LENGTH:
            raise SemverError(f"a version of {len(text):,} characters; at most {MAX_LENGTH:,}")
        found = _VERSION.fullmatch(text)
        if found is None:
            why = (
                "drop the v"
                if re.match(r"[vV]\d", text)
                else "it is MAJOR.MINOR.PATCH, no zeros in front"
            )
            raise SemverError(f"{text[:60]!r} is no semantic version: {why}")
        major, minor, patch = (int(found[n]) for n in (1, 2, 3))
        return cls(
            major, minor, patch, tuple(found[4].split(".")) if found[4] else (), found[5] or ""
        )

    def __str__(self) -> str:
        pre = "-" + ".".join(self.pre) if self.pre else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}{'+' if self.build else ''}{self.build}"

    @property
    def key(self) -> tuple[object, ...]:
        """What decides precedence: numbers before words, fewer fields before more, none at all last."""
        fields = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in self.pre)
        return self.major, self.minor, self.patch, not self.pre, fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key

    def bump(self, part: str) -> Version:
        """Return the next version: ``major``, ``minor`` or ``patch``; an early version ends first.

        Before 1.0.0 a breaking change raises the minor number, because anything may change there.
        """
        if part not in ("major", "minor", "patch"):
            raise SemverError(f"raise major, minor or patch, not {part!r}")
        if self.pre:
            return Version(self.major, self.minor, self.patch)
        if part == "major" and self.major:
            return Version(self.major + 1, 0, 0)
        if part == "patch":
            return Version(self.major, self.minor, self.patch + 1)
        return Version(self.major, self.minor + 1, 0)

    def to_pep440(self) -> str:
        """Return the version as Python packages write it; SemverError where they have no word."""
        base = f"{self.major}.{self.minor}.{self.patch}"
        local = f"+{self.build.replace('-', '.')}" if self.build else ""
        if not self.pre:
            return base + local
        word, *rest = self.pre
        if word not in _PEP440 or len(rest) > 1 or not all(one.isdigit() for one in rest):
            raise SemverError(
                f"Python has no pre-release {'.'.join(self.pre)!r}; use alpha, beta, rc"
            )
        return f"{base}{_PEP440[word]}{rest[0] if rest else 0}{local}"
