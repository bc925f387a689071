"""A catalogue of text that goes wrong, each entry run wrong and right.

An entry is two Python expressions and what was wanted. The test runs both: the wrong one must
really miss what is wanted on this Python, the right one must reach it.
"""

from __future__ import annotations

import codecs
import csv
import html
import io
import json
import os
import re
import string
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import regex  # type: ignore[import-untyped]

from velvet_text import decode, inspect_text, mojibake, normalize, units
from velvet_text.samples.pitfalls import ENTRIES

AREAS = (
    "encoding", "units", "normalisation", "case", "regex", "whitespace", "formatting", "platform",
)  # fmt: skip
_NAMES: dict[str, Any] = {
    **{m.__name__.rpartition(".")[2]: m for m in (codecs, csv, html, io, json, os, re, regex)},
    **{m.__name__.rpartition(".")[2]: m for m in (decode, inspect_text, mojibake, normalize)},
    "string": string,
    "textwrap": textwrap,
    "unicodedata": unicodedata,
    "units": units,
    "Posix": PurePosixPath,
    "Windows": PureWindowsPath,
}


@dataclass(frozen=True)
class Pitfall:
    """One way in which text goes wrong.

    Attributes:
        wrong, right: Python expressions.
        want: the expression of what both should give.
        source: where it is laid down.
    """

    id: str
    area: str
    title: str
    wrong: str
    right: str
    want: str
    why: str
    source: str

    def run(self) -> tuple[str, str]:
        """Return what the wrong and the right expression give, as `repr` or as an error's name."""
        return _shown(self.wrong), _shown(self.right)

    @property
    def is_shown(self) -> bool:
        """Whether the wrong one misses what is wanted here and the right one reaches it."""
        wrong, right = self.run()
        return wrong != _shown(self.want) and right == _shown(self.want)


def _shown(expression: str) -> str:
    """Return the value of one of the catalogue's own expressions; no other text comes here."""
    try:
        return repr(eval(expression, dict(_NAMES)))  # noqa: S307 - constants of this package
    except Exception as error:  # noqa: BLE001 - which error it is, is the lesson
        return type(error).__name__


CATALOGUE: tuple[Pitfall, ...] = tuple(Pitfall(*entry) for entry in ENTRIES)


def search(words: str, *, area: str = "") -> Sequence[Pitfall]:
    """Return the entries of an area that hold all of some words, in any case."""
    wanted = normalize.canonical_key(words, "search").split()
    found = (one for one in CATALOGUE if not area or one.area == area)
    return [one for one in found if all(word in _haystack(one) for word in wanted)]


def _haystack(one: Pitfall) -> str:
    text = f"{one.id} {one.title} {one.wrong} {one.right} {one.why} {one.source}"
    return normalize.canonical_key(text, "search")
