"""Slugs and lines of Unicode text.

A slug is lower case ASCII letters and digits joined by single hyphens; making a slug of a slug
changes nothing, and accents are dropped. `shorten` never cuts between a letter and its combining
marks; `wrap` fills lines up to a width in which combining marks take no room.
"""

from __future__ import annotations

import re
import unicodedata


def slug(text: str) -> str:
    """Return the slug of a title."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    ascii_only = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub("[^a-z0-9]+", "-", ascii_only).strip("-")


def width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(not unicodedata.combining(char) for char in text)


def shorten(text: str, columns: int) -> str:
    """Return the beginning that takes at most so many columns, marks included."""
    kept = ""
    for char in text:
        if width(kept + char) > columns:
            break
        kept += char
    return kept


def wrap(text: str, columns: int) -> list[str]:
    """Return the words in lines; a word that is too long has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
