"""Documents, sentences and tokens that cannot be inconsistent, and the corpus of this module.

A sentence knows its raw text and where each token stands in it, because tokenizers are judged by
character offsets. The constructors refuse what later code would have to doubt: tokens that are not
in the text, gaps that are more than white space, labels that are no legal BIO.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from velvet_nlp.bio import Span, spans_from_bio

UPOS = frozenset(
    [
        "ADJ",
        "ADP",
        "ADV",
        "AUX",
        "CCONJ",
        "DET",
        "INTJ",
        "NOUN",
        "NUM",
        "PART",
        "PRON",
        "PROPN",
        "PUNCT",
        "SCONJ",
        "SYM",
        "VERB",
        "X",
    ]
)
ENTITIES = ("PER", "ORG", "LOC", "MISC")


@dataclass(frozen=True)
class Token:
    """One token: its form, its place in the sentence's text, its part of speech and BIO label."""

    text: str
    start: int
    end: int
    upos: str = "X"
    ner: str = "O"


@dataclass(frozen=True)
class Range:
    """A surface word that is written as several tokens: `first` to `last`, counted from 1."""

    first: int
    last: int
    form: str


@dataclass(frozen=True)
class Sentence:
    """A sentence with its tokens.

    Attributes:
        ranges: multiword tokens; the tokens inside may differ from the text.
        empty: empty nodes of enhanced dependencies, (id, form); kept apart, they are no tokens.

    Raises:
        ValueError: tokens and text do not fit, or the labels are no legal BIO.
    """

    sent_id: str
    text: str
    tokens: tuple[Token, ...]
    ranges: tuple[Range, ...] = ()
    empty: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        inside = {n for one in self.ranges for n in range(one.first, one.last + 1)}
        at = 0
        for number, token in enumerate(self.tokens, 1):
            where = f"{self.sent_id or 'sentence'}: token {number} ({token.text!r})"
            if token.upos not in UPOS:
                raise ValueError(f"{where} has the part of speech {token.upos!r}, not of UPOS v2")
            if number in inside:
                at = max(at, token.end)
                continue
            if token.start < at or not token.text or self.text[at : token.start].strip():
                raise ValueError(f"{where} does not follow what stands before it in the text")
            if self.text[token.start : token.end] != token.text:
                raise ValueError(f"{where} is not what the text has at {token.start}:{token.end}")
            at = token.end
        if self.text[at:].strip():
            raise ValueError(f"{self.sent_id or 'sentence'}: no token covers {self.text[at:]!r}")
        spans_from_bio(self.ner)

    @property
    def words(self) -> list[str]:
        """The forms of the tokens."""
        return [token.text for token in self.tokens]

    @property
    def upos(self) -> list[str]:
        """The parts of speech."""
        return [token.upos for token in self.tokens]

    @property
    def ner(self) -> list[str]:
        """The BIO labels."""
        return [token.ner for token in self.tokens]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        """Where the surface words stand: a multiword range counts once."""
        return sorted({(token.start, token.end) for token in self.tokens})

    def labels(self, task: str) -> list[str]:
        """Return what a tagger of a task learns: ``"pos"`` or ``"ner"``."""
        if task not in ("pos", "ner"):
            raise ValueError(f"unknown task {task!r}: choose pos or ner")
        return self.upos if task == "pos" else self.ner

    @property
    def entities(self) -> list[tuple[str, str]]:
        """The entities as (text of their tokens, type)."""
        return [(self.phrase(span), span.label) for span in spans_from_bio(self.ner)]

    def phrase(self, span: Span) -> str:
        """Return the words of a span, with one blank between."""
        return " ".join(self.words[span.first : span.end])


@dataclass(frozen=True)
class Document:
    """Sentences that one author wrote about one thing; never split between training and test."""

    doc_id: str
    domain: str
    sentences: tuple[Sentence, ...] = field(default=())

    @property
    def text(self) -> str:
        """The raw text: sentences with one blank between."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def sentence_ends(self) -> list[int]:
        """Where each sentence ends in `text`."""
        ends, at = [], 0
        for sentence in self.sentences:
            ends.append(at + len(sentence.text))
            at = ends[-1] + 1
        return ends


@dataclass(frozen=True)
class Pair:
    """A query and the one text that answers it; a distractor has no query."""

    pair_id: str
    kind: str
    query: str
    text: str


def sentences_of(documents: tuple[Document, ...] | list[Document]) -> list[Sentence]:
    """Return all sentences of documents, in order."""
    return [sentence for document in documents for sentence in document.sentences]
