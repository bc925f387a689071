"""Which "length" does a limit mean? Five of them, and cutting that is safe in each.

A database column counts code points or bytes, JavaScript and LSP count UTF-16 units, a terminal
counts columns, and a reader counts grapheme clusters (UAX #29). They agree on ASCII alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import index
from typing import Literal

from velvet_text.errors import TextError

Unit = Literal["utf8", "utf16", "code_points", "graphemes", "columns"]
Engine = Literal["regex", "uniseg", "wcwidth"]


@dataclass(frozen=True)
class Lengths:
    """The lengths of one text, in units of each kind; a lone surrogate counts three bytes."""

    utf8: int
    utf16: int
    code_points: int
    graphemes: int
    columns: int


def _clusters(s: str) -> Iterator[str]:
    """Yield the graphemes one at a time: a list of them takes many times the text's memory."""
    import regex  # type: ignore[import-untyped]

    return (found.group() for found in regex.finditer(r"\X", s))


def _by_uniseg(s: str) -> list[str]:
    from uniseg.graphemecluster import grapheme_clusters  # type: ignore[import-untyped]

    return list(grapheme_clusters(s))


def _by_wcwidth(s: str) -> list[str]:
    import wcwidth

    return list(wcwidth.iter_graphemes(s))


GRAPHEME_ENGINES: dict[str, Callable[[str], list[str]]] = {
    "regex": lambda s: list(_clusters(s)),
    "uniseg": _by_uniseg,
    "wcwidth": _by_wcwidth,
}


def graphemes(s: str, engine: Engine = "regex") -> list[str]:
    """Return the extended grapheme clusters of a text (UAX #29); O(n).

    >>> graphemes("e\\u0301👨‍👩‍👧!") == ["e\\u0301", "👨‍👩‍👧", "!"]
    True
    """
    if engine not in GRAPHEME_ENGINES:
        raise TextError(f"unknown engine {engine!r}: choose one of {', '.join(GRAPHEME_ENGINES)}")
    return GRAPHEME_ENGINES[engine](s)


def _columns(s: str) -> int:
    import wcwidth

    return int(wcwidth.width(s, control_codes="ignore"))


_MEASURES: dict[str, Callable[[str], int]] = {
    "utf8": lambda g: len(g.encode("utf-8", "surrogatepass")),
    "utf16": lambda g: len(g) + sum(c > "\uffff" for c in g),
    "code_points": len,
    "graphemes": lambda _: 1,
    "columns": _columns,
}


def lengths(s: str) -> Lengths:
    """Return a text's five lengths.

    >>> lengths("🤦🏼‍♂️")
    Lengths(utf8=17, utf16=7, code_points=5, graphemes=1, columns=2)
    """
    return Lengths(**{unit: sum(map(of, _clusters(s))) for unit, of in _MEASURES.items()})


def measure(s: str, unit: Unit) -> int:
    """Return one length of a text; unknown units are a TextError."""
    if unit not in _MEASURES:
        raise TextError(f"unknown unit {unit!r}: choose one of {', '.join(_MEASURES)}")
    return sum(map(_MEASURES[unit], _clusters(s)))


def truncate(s: str, limit: int, unit: Unit = "graphemes", *, ellipsis: str = "…") -> str:
    """Return a text of at most `limit` units, the ellipsis included; no grapheme is split.

    Where the ellipsis itself does not fit, the text is cut without it.

    Raises:
        TextError: a negative limit or an unknown unit.

    >>> truncate("naïve 👨‍👩‍👧 family", 8), truncate("日本語", 5, "columns")
    ('naïve 👨‍👩‍👧…', '日本…')
    """
    if (limit := index(limit)) < 0:
        raise TextError(f"limit must not be negative, not {limit}")
    if measure(s, unit) <= limit:
        return s
    end, room = 0, limit - measure(ellipsis, unit)
    if room < 0:
        room, ellipsis = limit, ""
    for cluster in _clusters(s):
        room -= _MEASURES[unit](cluster)
        if room < 0:
            break
        end += len(cluster)
    return s[:end] + ellipsis


def pad(s: str, columns: int) -> str:
    """Return a text filled with spaces to a width on a terminal; longer texts stay as they are."""
    return s + " " * max(0, index(columns) - measure(s, "columns"))


def slice_utf16(s: str, start: int, end: int) -> str:
    """Return the part between two offsets in UTF-16 units, as editors and LSP send them.

    Raises:
        TextError: an offset outside of the text, or inside a surrogate pair.

    >>> slice_utf16("a🤦b", 1, 3)
    '🤦'
    """
    start, end, data = index(start), index(end), s.encode("utf-16-le", "surrogatepass")
    if not 0 <= start <= end <= len(data) // 2:
        raise TextError(f"{start}:{end} does not lie within 0:{len(data) // 2}")
    for offset in (start, end):
        before, after = data[2 * offset - 1 : 2 * offset], data[2 * offset + 1 : 2 * offset + 2]
        if before and after and 0xD8 <= before[0] <= 0xDB and 0xDC <= after[0] <= 0xDF:
            raise TextError(f"offset {offset} lies inside a surrogate pair; move it by one")
    return data[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
