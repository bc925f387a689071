"""Where does a sentence end? A rule, Punkt trained on our own text, and spaCy's sentencizer.

Each splitter returns the offsets at which sentences end, so that they can be scored against the
documents of a corpus. NLTK's Punkt comes with no model after `pip install nltk`; it learns which
words are abbreviations from raw text, and so needs no labels, only text of the same kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import spacy
from nltk.tokenize.punkt import (  # type: ignore[import-untyped]
    PunktSentenceTokenizer,
    PunktTrainer,
)

Splitter = Callable[[str], list[int]]
_END = re.compile(r"[.!?]+[\"')\]]*(?=\s+|$)")


def _with_last(ends: list[int], text: str) -> list[int]:
    """Return the ends with that of the text, which no splitter misses."""
    whole = len(text.rstrip())
    return sorted({*(end for end in ends if 0 < end <= whole), whole} - {0})


def by_rule(_training: Sequence[str] = ()) -> Splitter:
    """Return a splitter after `.`, `!` and `?` before white space; it learns nothing."""
    return lambda text: _with_last([found.end() for found in _END.finditer(text)], text)


def punkt(training: Sequence[str]) -> Splitter:
    """Return NLTK's Punkt, trained on raw texts.

    Raises:
        ValueError: there is no text to train on.
    """
    if not any(text.strip() for text in training):
        raise ValueError("Punkt learns from raw text: give at least one text")
    trainer = PunktTrainer()
    trainer.INCLUDE_ALL_COLLOCS = True
    trainer.train("\n".join(training), finalize=True)
    tokenizer = PunktSentenceTokenizer(trainer.get_params())
    return lambda text: _with_last([end for _, end in tokenizer.span_tokenize(text)], text)


def sentencizer(_training: Sequence[str] = ()) -> Splitter:
    """Return spaCy's rule-based component; it learns nothing."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return lambda text: _with_last([sent.end_char for sent in nlp(text).sents], text)


SPLITTERS: dict[str, Callable[[Sequence[str]], Splitter]] = {
    "by_rule": by_rule,
    "punkt": punkt,
    "sentencizer": sentencizer,
}
