"""spaCy's rules for English: prefixes, suffixes, infixes, exceptions, links; no model needed."""

from __future__ import annotations

from collections.abc import Sequence

import spacy


class SpacyBlank:
    """The tokenizer of `spacy.blank("en")`."""

    def __init__(self) -> None:
        self._cut = spacy.blank("en").tokenizer

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets of the tokens that are not white space."""
        safe = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is one character
        doc = self._cut(safe)
        return [(one.idx, one.idx + len(one)) for one in doc if not one.is_space]


def make(_training: Sequence[str] = ()) -> SpacyBlank:
    """Return the tokenizer; it learns nothing."""
    return SpacyBlank()
