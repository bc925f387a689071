"""NLTK's improved Treebank rules, without `word_tokenize`, which would want the package punkt_tab."""

from __future__ import annotations

from collections.abc import Sequence

from nltk.tokenize.destructive import NLTKWordTokenizer  # type: ignore[import-untyped]

from velvet_nlp.contenders.tokenizers.treebank import aligned


class NltkWord:
    """The class behind `word_tokenize`, on one sentence."""

    def __init__(self) -> None:
        self._rules = NLTKWordTokenizer()

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets of the tokens; see `Treebank.spans` for the fallback."""
        try:
            return list(self._rules.span_tokenize(text))
        except ValueError:
            return aligned(self._rules.tokenize(text), text)


def make(_training: Sequence[str] = ()) -> NltkWord:
    """Return the tokenizer; it learns nothing."""
    return NltkWord()
