"""What a text takes on a terminal: its cells, and the escape sequences that take none."""

from __future__ import annotations

import re
import unicodedata

# ECMA-48: CSI sequences, OSC and other strings up to BEL or ST, two-byte escapes, and an escape
# that begins nothing. The last one makes the result free of escapes whatever the input was.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
    r"|[\x1b\x80-\x9f]"
)


def strip_ansi(text: str) -> str:
    """Remove every escape sequence (ECMA-48) and every lone escape; O(len(text)).

    The result holds no ESC and no C1 control, so nothing in it can act on a terminal.
    """
    return _ANSI.sub("", text)


def display_width(text: str) -> int:
    """Return how many terminal cells a text takes; O(len(text)).

    Wide and fullwidth characters (Unicode Standard Annex 11) take two; combining marks, format
    characters, the vowels that join a Hangul syllable and control characters take none. It is a
    sum over characters: a terminal that joins an emoji sequence into one picture shows less.
    """
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        # The soft hyphen is a format character that terminals do draw.
        return int(character == "\xad")
    if "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
