"""NLTK's Penn Treebank rules: no data needed; it cuts a period only at the end of the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nltk.tokenize import TreebankWordTokenizer  # type: ignore[import-untyped]


class Treebank:
    """The tokenizer, and a fallback for the quotes at which its offsets fail."""

    def __init__(self) -> None:
        self._rules = TreebankWordTokenizer()

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets of the tokens.

        The rules turn quotes into `` and '', and looking these up in the text can fail with a
        ValueError; then the tokens are looked for one after another.
        """
        try:
            return list(self._rules.span_tokenize(text))
        except ValueError:
            return aligned(self._rules.tokenize(text), text)


def aligned(tokens: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Return where tokens stand in a text, in order; what is not found stays with its neighbour."""
    spans, at = [], 0
    for token in tokens:
        wanted = '"' if token in ("``", "''") and text.find(token, at) < 0 else token
        found = text.find(wanted, at)
        if found < 0 or text[at:found].strip():
            rest = re.compile(r"\S+").search(text, at)
            if rest is None:
                break
            found, wanted = rest.start(), rest.group()
        spans.append((found, found + len(wanted)))
        at = found + len(wanted)
    return spans


def make(_training: Sequence[str] = ()) -> Treebank:
    """Return the tokenizer; it learns nothing."""
    return Treebank()
