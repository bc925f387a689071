"""A word written so that bash reads it back unchanged, also inside of a quote that is open."""

from __future__ import annotations

import re

_SAFE = re.compile(r"[\w@%+:,./=-]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quote(word: str, style: str = "\\") -> str:
    r"""Quote a whole word for bash; the inverse of `split`.

    Args:
        style: a backslash for one before each special character, ``'`` or ``"`` for quotes.

    Raises:
        ValueError: the style is unknown, or the word holds NUL, which no argument can.

    >>> print(quote("it's $5!"), quote("it's", "'"), quote("wow!", '"'))
    it\'s\ \$5\! 'it'\''s' "wow"'!'""
    """
    if style not in ("\\", "'", '"'):
        raise ValueError(f"""style must be one of \\ ' ", not {style!r}""")
    if "\0" in word:
        raise ValueError("a word cannot hold NUL")
    if style != "\\":
        return f"{style}{rest_of(word, style)}{style}"
    if _CONTROL.search(word):
        return "$'" + _CONTROL.sub(_escaped, re.sub(r"([\\'])", r"\\\1", word)) + "'"
    if not word or _SAFE.fullmatch(word):
        return word or "''"
    # Letters and signs of other scripts mean nothing to a shell.
    return re.sub(r"([^\w@%+:,./=\x80-\U0010ffff-])", r"\\\1", word)


def rest_of(word: str, style: str) -> str:
    r"""Quote the part of a word that follows an open quote, which the shell will close.

    An exclamation mark cannot be escaped within double quotes: they are closed around it.
    """
    if style == "'":
        return word.replace("'", "'\\''")
    if style == '"':
        return re.sub(r'([$`"\\])', r"\\\1", word).replace("!", "\"'!'\"")
    return quote(word) if word else ""


def _escaped(match: re.Match[str]) -> str:
    return f"\\{ord(match.group()):03o}"
