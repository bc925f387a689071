"""Sorting for people: six orders of the same words.

`sorted` compares code points, which puts Z before a and é behind z. The Unicode Collation
Algorithm (UTS #10) compares letters first, then accents, then case; languages tailor it: Swedish
puts å, ä, ö behind z, which only ICU knows here.
"""

from __future__ import annotations

import locale
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from velvet_text.errors import TextError
from velvet_text.normalize import canonical_key

Key = Callable[[str], Any]


@lru_cache(maxsize=1)
def _pyuca() -> Key:
    import pyuca  # type: ignore[import-untyped]

    key: Key = pyuca.Collator().sort_key
    return key


def _strxfrm() -> Key:
    def key(s: str) -> str:
        # It knows neither zeros nor lone surrogates; the locale is the program's, never set here.
        safe = s.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
        return locale.strxfrm(safe)

    return key


def icu(tailoring: str = "root") -> Key:
    """Return ICU's key for a language, such as ``sv`` or ``de@collation=phonebook``.

    Raises:
        ImportError: PyICU is absent; it has no wheels and needs the system's ICU.
    """
    import icu as library  # type: ignore[import-not-found]

    key: Key = library.Collator.createInstance(library.Locale(tailoring)).getSortKey
    return key


COLLATORS: dict[str, Callable[[], Key]] = {
    "code_point": lambda: lambda s: s,
    "casefold": lambda: str.casefold,
    "strip_marks": lambda: lambda s: (canonical_key(s, "search"), s),
    "strxfrm": _strxfrm,
    "pyuca": _pyuca,
    "icu": icu,
}


def collator(name: str) -> Key:
    """Return a collator's key function; an ImportError where its library is absent."""
    if name not in COLLATORS:
        raise TextError(f"unknown collator {name!r}: choose one of {', '.join(COLLATORS)}")
    return COLLATORS[name]()


def sort_report(words: Iterable[str]) -> dict[str, list[str]]:
    """Return the words in the order of each collator that is installed."""
    fixed = list(words)
    report = {}
    for name in COLLATORS:
        try:
            report[name] = sorted(fixed, key=collator(name))
        except ImportError:
            continue
    return report


def order_errors(words: Iterable[str], name: str, reference: str = "pyuca") -> int:
    """Return how many neighbours in one order stand the other way round in the reference."""
    key = collator(reference)
    keys = [key(word) for word in sorted(words, key=collator(name))]
    return sum(first > second for first, second in zip(keys, keys[1:]))  # noqa: B905, RUF007
