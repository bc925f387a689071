"""Runs of three to five letters instead of words: endings and typing errors do less harm."""

from __future__ import annotations

from sklearn.feature_extraction.text import TfidfVectorizer

from velvet_nlp.contenders.searchers.tfidf_words import TfIdf

ENCODER = False


def make() -> TfIdf:
    """Return a searcher by runs of letters inside words."""
    return TfIdf(TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True))
