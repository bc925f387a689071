"""Comparison keys: when are two strings the same?

Each level is a function of the one before, so what is equal at one level is equal at every later
one: exact, canonical (NFC, UAX #15), caseless (Unicode 15.0, D145), compat (D146, with ligatures,
widths and fractions folded), search (compat without marks and invisible characters).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Literal

from velvet_text.errors import TextError

Level = Literal["exact", "canonical", "caseless", "compat", "search"]
LEVELS: tuple[Level, ...] = ("exact", "canonical", "caseless", "compat", "search")


def canonical_key(s: str, level: Level = "canonical") -> str:
    """Return what two strings share when they are equal at a level; idempotent, O(n).

    Keys depend on the Unicode version of the interpreter: store the original beside them.

    >>> [canonical_key("ﬁancÉ\\u200b", level) for level in ("caseless", "compat", "search")]
    ['fiancé\\u200b', 'fiancé\\u200b', 'fiance']
    """
    if level not in LEVELS:
        raise TextError(f"unknown level {level!r}: choose one of {', '.join(LEVELS)}")
    if level == "exact":
        return s
    if s.isascii():  # ASCII is normal in every form, and folds to lower case
        return s if level == "canonical" else s.lower()
    if level == "canonical":
        return unicodedata.normalize("NFC", s)  # which looks first whether there is anything to do
    key = _settle(s, _caseless)
    if level == "caseless":
        return key
    key = _settle(key, _compat)
    return key if level == "compat" else _settle(key, _search)


def _settle(s: str, fold: Callable[[str], str]) -> str:
    """Apply a folding until nothing changes: one removal may let two others compose."""
    while (folded := fold(s)) != s:
        s = folded
    return s


def _caseless(s: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", s).casefold())


def _compat(s: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", _caseless(s)).casefold())


def _search(s: str) -> str:
    decomposed = unicodedata.normalize("NFKD", s)
    return _compat(_dropped().sub("", decomposed))


@lru_cache(maxsize=1)
def _dropped() -> Any:
    import regex  # type: ignore[import-untyped]

    return regex.compile(r"[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]+")


def same(a: str, b: str, level: Level = "canonical") -> bool:
    """Return whether two strings are equal at a level.

    >>> same("Å", "A\\u030a"), same("Straße", "STRASSE", "caseless"), same("ﬁ", "fi", "canonical")
    (True, True, False)
    """
    return a == b or canonical_key(a, level) == canonical_key(b, level)


def stable_key_report(strings: Iterable[str]) -> dict[Level, list[list[str]]]:
    """Return, for each level, the groups of different strings that become equal there.

    For user names: a group is two accounts that a reader cannot tell apart.
    """
    distinct = list(dict.fromkeys(strings))
    report: dict[Level, list[list[str]]] = {}
    for level in LEVELS[1:]:
        groups: dict[str, list[str]] = {}
        for one in distinct:
            groups.setdefault(canonical_key(one, level), []).append(one)
        report[level] = [group for group in groups.values() if len(group) > 1]
    return report
