"""The corpus is what the README says: written by hand, of many forms, agreed on by two passes."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from velvet_nlp.bio import Span
from velvet_nlp.corpus import ENTITIES, Document, Range, Sentence, Token, sentences_of
from velvet_nlp.evaluate import cohen_kappa
from velvet_nlp.own import load, load_pairs
from velvet_nlp.search import word_overlap
from velvet_nlp.validation import cross_validate, grouped_folds

SENTENCES = sentences_of(load())


def test_it_is_as_large_as_promised() -> None:
    entities = [kind for one in SENTENCES for _, kind in one.entities]

    assert len(load()) == 16
    assert len({one.domain for one in load()}) == 8
    assert len(SENTENCES) >= 280
    assert sum(len(one.words) for one in SENTENCES) >= 4000
    assert len(entities) >= 420
    assert min(Counter(entities)[kind] for kind in ENTITIES) >= 100


def test_no_sentence_is_made_from_a_template() -> None:
    grams = [
        tuple(word.lower() for word in one.words[at : at + 4])
        for one in SENTENCES
        for at in range(len(one.words) - 3)
    ]
    patterns = Counter(tuple(one.upos) for one in SENTENCES if len(one.words) > 6)

    assert len(set(grams)) / len(grams) >= 0.97
    assert max(patterns.values()) == 1


def test_entities_are_spread_and_mostly_new_in_a_test_fold() -> None:
    where: dict[str, set[str]] = defaultdict(set)
    for document in load():
        for sentence in document.sentences:
            for name, _ in sentence.entities:
                where[name].add(document.doc_id)
    shares = []
    for split in grouped_folds(load()):
        known = {name for one in sentences_of(split.train) for name, _ in one.entities}
        test = [name for one in sentences_of(split.test) for name, _ in one.entities]
        shares.append(sum(name not in known for name in test) / len(test))

    assert max(map(len, where.values())) <= 3
    assert min(shares) >= 0.35


def test_the_second_pass_agrees_with_the_first_and_not_always() -> None:
    first = {one.sent_id: one for one in SENTENCES}
    second = sentences_of(load("second_pass"))
    both = [(first[one.sent_id], one) for one in second]

    upos = [[tag for pair in both for tag in pair[side].upos] for side in (0, 1)]
    ner = [[tag for pair in both for tag in pair[side].ner] for side in (0, 1)]

    assert len(second) == 40
    assert all(a.words == b.words for a, b in both)
    assert 0.9 <= cohen_kappa(*upos) < 1
    assert 0.9 <= cohen_kappa(*ner) < 1


def test_the_retrieval_pairs_are_of_two_kinds() -> None:
    pairs = load_pairs()
    kinds = Counter(pair.kind for pair in pairs)

    assert (kinds["paraphrase"], kinds["lexical"]) == (60, 40)
    assert kinds["distractor"] >= 20
    assert len({pair.text for pair in pairs}) == len(pairs)
    assert word_overlap(pairs, "paraphrase") < 0.15 < 0.5 < word_overlap(pairs, "lexical")
    assert word_overlap(pairs, "none") == 0


@pytest.mark.parametrize(
    ("text", "tokens", "says"),
    [
        ("ab", [("a", 0, 1)], "no token covers 'b'"),
        ("a b", [("b", 2, 3)], "does not follow"),
        ("a b", [("a", 0, 1), ("a", 2, 3)], "is not what the text has"),
        ("ab", [("a", 0, 1), ("ab", 0, 2)], "does not follow"),
    ],
)
def test_a_sentence_whose_tokens_are_not_its_text_is_refused(
    text: str, tokens: list[tuple[str, int, int]], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Sentence("s", text, tuple(Token(*one) for one in tokens))


def test_labels_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="UPOS"):
        Sentence("s", "a", (Token("a", 0, 1, "WORD"),))
    with pytest.raises(ValueError, match="after nothing"):
        Sentence("s", "a", (Token("a", 0, 1, "X", "I-PER"),))
    with pytest.raises(ValueError, match="unknown task"):
        SENTENCES[0].labels("parse")
    with pytest.raises(ValueError, match="unknown corpus"):
        load("brown")


def test_a_range_counts_once_and_documents_know_their_ends() -> None:
    tokens = (Token("in", 0, 2), Token("dem", 0, 2), Token("Haus", 3, 7))
    sentence = Sentence("s", "im Haus", tokens, (Range(1, 2, "im"),))
    document = Document("d", "news", (sentence, sentence))

    assert sentence.offsets == [(0, 2), (3, 7)]
    assert sentence.phrase(Span(0, 2, "LOC")) == "in dem"
    assert document.text == "im Haus im Haus"
    assert document.sentence_ends == [7, 15]


def test_unseen_entities_are_those_that_no_training_sentence_has(
    documents: tuple[Document, ...],
) -> None:
    from velvet_nlp import contenders

    found = cross_validate(contenders.tagger("gazetteer", "ner"), documents, "ner", folds=2)

    assert sum(map(len, found.unseen)) > 0
    assert found.unseen_counts[:, 0].sum() == 0
