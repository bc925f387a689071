"""A half-typed command line taken apart the way the shell will, up to the cursor.

A shell hands over the raw line. What the user means by it has quotes resolved; what the shell
will replace is only a piece of the last word: bash breaks words at ``:`` and ``=`` and after an
open quote as well, and inserts a candidate after that break. Both are needed, so both are kept.
"""

from __future__ import annotations

from typing import NamedTuple

# Of bash's default COMP_WORDBREAKS, those that stand inside of a word of ours.
WORDBREAKS = ":="
_BLANK = " \t\n"
_IN_DOUBLE = '$`"\\'
_ANSI_C = dict(zip("ntrabefv\\'\"", "\n\t\r\a\b\x1b\f\v\\'\"", strict=True))
_HEX = {"x": 2, "u": 4, "U": 8}


class Words(NamedTuple):
    """A command line up to the cursor.

    Attributes:
        prefix_words: the whole words before, without quotes; the first is the program.
        current: the word at the cursor, without quotes, as far as it goes; may be empty.
        quote: the quote that is open at the cursor, or empty.
        wordbreak_at: how much of `current` the shell will keep, and so must not be inserted again.
    """

    prefix_words: tuple[str, ...]
    current: str = ""
    quote: str = ""
    wordbreak_at: int = 0


def split(line: str, point: int | None = None, wordbreaks: str = WORDBREAKS) -> Words:
    r"""Split a line at its cursor by the quoting rules of a POSIX shell; O(point).

    Knows backslash, ``'...'``, ``"..."`` and bash's ``$'...'``, and never fails: a quote may be
    open, for that is where Tab is pressed. Variables and patterns stay as they are typed.

    Args:
        line: the whole line.
        point: characters before the cursor; all by default.
        wordbreaks: characters that end the part of a word which the shell keeps, unless quoted.

    >>> split(r'tasks add "two words" --tag=ho')
    Words(prefix_words=('tasks', 'add', 'two words'), current='--tag=ho', quote='', wordbreak_at=6)
    """
    text = line if point is None else line[: max(0, point)]
    words: list[str] = []
    current, quote, cut, started, at = "", "", 0, False, 0
    while at < len(text):
        character = text[at]
        at += 1
        if quote:
            piece, at, quote = _quoted(text, at, character, quote)
            current += piece
            if not quote:
                cut = len(current)
        elif character in _BLANK:
            if started:
                words.append(current)
            current, cut, started = "", 0, False
        elif character in "'\"" or (character == "$" and text[at : at + 1] == "'"):
            quote = character if character != "$" else "$'"
            at += len(quote) - 1
            cut, started = len(current), True
        elif character == "\\":
            # A backslash before the end of a line joins it with the next.
            current += text[at : at + 1].replace("\n", "")
            started = started or text[at : at + 1] != "\n"
            at += 1
        else:
            current, started = current + character, True
            if character in wordbreaks:
                cut = len(current)
    return Words(tuple(words), current, quote[-1:], cut)


def _quoted(text: str, at: int, character: str, quote: str) -> tuple[str, int, str]:
    """Return what a character inside of quotes stands for, where to go on, and the open quote."""
    if character == quote[-1]:
        return "", at, ""
    if character != "\\" or quote == "'":
        return character, at, quote
    following = text[at : at + 1]
    if quote == "$'":
        return (*_ansi_c(text, at), quote)
    if following == "\n":
        return "", at + 1, quote
    if following and following in _IN_DOUBLE:
        return following, at + 1, quote
    return "\\", at, quote


def _ansi_c(text: str, at: int) -> tuple[str, int]:
    """Read an escape of bash's ANSI-C quoting, after its backslash."""
    kind = text[at : at + 1]
    base, most, start = (16, _HEX.get(kind, 0), at + 1) if kind in _HEX else (8, 3, at)
    digits = ""
    for character in text[start : start + most]:
        if character not in "0123456789abcdefABCDEF"[: 8 if base == 8 else None]:
            break
        digits += character
    if digits and int(digits, base) <= 0x10FFFF:
        return chr(int(digits, base)), start + len(digits)
    return _ANSI_C.get(kind, "\\" + kind), at + 1
