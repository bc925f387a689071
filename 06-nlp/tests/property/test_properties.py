"""Laws that hold for any input."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from velvet_nlp import contenders, evaluate
from velvet_nlp.bio import Span, bio_from_spans, repair, spans_from_bio
from velvet_nlp.conllu import read_conllu, write_conllu
from velvet_nlp.corpus import ENTITIES, UPOS, Document, Sentence, Token
from velvet_nlp.intervals import bootstrap_ci, holm, paired_bootstrap
from velvet_nlp.own import load
from velvet_nlp.protocols import Tagger
from velvet_nlp.validation import grouped_folds

TAGS = ["O", *(f"{letter}-{kind}" for letter in "BI" for kind in ENTITIES)]
LEGAL = st.lists(st.sampled_from(TAGS), max_size=20).map(repair)
CUTS = {
    name: contenders.tokenizer(name, [one.text for one in load()])
    for name in contenders.names("tokenizers")
}
FORM = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=6)
COUNTS = st.lists(st.integers(0, 5), min_size=2, max_size=30).map(
    lambda hits: np.array([(float(hit), 5.0) for hit in hits])
)


@given(LEGAL, st.sampled_from(["BIO", "IOB1", "BILUO"]))
def test_spans_come_back_from_their_tags(tags: list[str], scheme) -> None:  # type: ignore[no-untyped-def]
    spans = spans_from_bio(tags)

    written = bio_from_spans(spans, len(tags), scheme)

    assert spans_from_bio(written, scheme) == spans
    assert bio_from_spans(spans, len(tags)) == tags == repair(tags)


@given(st.data())
def test_scores_lie_between_0_and_1_and_f1_is_symmetric(data: st.DataObject) -> None:
    gold = data.draw(LEGAL)
    guess = repair(
        data.draw(st.lists(st.sampled_from(TAGS), min_size=len(gold), max_size=len(gold)))
    )

    one, two = evaluate.span_prf([gold], [guess])[""], evaluate.span_prf([guess], [gold])[""]

    assert all(0 <= value <= 1 for value in one)
    assert (one.precision, one.recall, one.f1) == (two.recall, two.precision, two.f1)
    wanted = [set(map(Span._make, spans_from_bio(gold)))]
    assert evaluate.ratio(evaluate.recall_counts([gold], [guess], wanted)) == one.recall


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_tokens_are_in_the_text_in_order_and_no_white_space(text: str) -> None:
    for name, cut in CUTS.items():
        spans = cut.spans(text)
        assert spans == sorted(spans)
        assert all(text[start:end].strip() for start, end in spans)
        if name not in ("bpe", "wordpiece"):  # pieces of one character may share its place
            assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(
    st.lists(
        st.tuples(FORM, st.sampled_from(sorted(UPOS)), st.sampled_from(TAGS), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_written_is_read_again(rows: list[tuple[str, str, str, bool]]) -> None:
    tags, text, tokens = repair([row[2] for row in rows]), "", []
    for (form, upos, _, glued), tag in zip(rows, tags, strict=True):
        text += " " if text and not glued else ""
        tokens.append(Token(form, len(text), len(text) + len(form), upos, tag))
        text += form
    sentence = Sentence("s-1", text, tuple(tokens))

    assert list(read_conllu(write_conllu([sentence]))) == [sentence]


@settings(max_examples=25)
@given(COUNTS, st.integers(0, 9))
def test_an_interval_holds_its_value_and_a_thing_equals_itself(counts, seed: int) -> None:  # type: ignore[no-untyped-def]
    found = bootstrap_ci(counts, draws=200, seed=seed)
    same = paired_bootstrap(counts, counts, draws=200, seed=seed)

    assert 0 <= found.low <= found.high <= 1
    assert (same.delta, same.low, same.high, same.verdict) == (0, 0, 0, "undecided")


@given(st.lists(st.floats(0, 1), max_size=8))
def test_corrected_p_values_are_larger_and_keep_their_order(raw: list[float]) -> None:
    found = holm(raw)

    assert all(before <= after <= 1 for before, after in zip(raw, found, strict=True))
    order = sorted(range(len(raw)), key=lambda at: raw[at])
    assert [found[at] for at in order] == sorted(found)


@given(st.integers(2, 6), st.integers(6, 20), st.integers(1, 4))
def test_folds_part_documents(k: int, documents: int, domains: int) -> None:
    made = [Document(str(at), str(at % domains)) for at in range(documents)]

    tested = [one.doc_id for split in grouped_folds(made, k) for one in split.test]

    assert sorted(tested) == sorted(one.doc_id for one in made)
    assert all(not set(split.train) & set(split.test) for split in grouped_folds(made, k))


@lru_cache(maxsize=1)
def _trained() -> list[Tagger]:
    train, found = load()[0].sentences, []
    for name in ("dictionary", "backoff", "perceptron"):
        found.append(contenders.tagger(name, "pos")())
        found[-1].fit([one.words for one in train], [one.upos for one in train])
    return found


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_test_sentences_changes_nothing(rng) -> None:  # type: ignore[no-untyped-def]
    test = list(load()[1].sentences)
    for tagger in _trained():
        before = dict(
            zip(
                [one.text for one in test], tagger.predict([one.words for one in test]), strict=True
            )
        )
        rng.shuffle(test)
        after = tagger.predict([one.words for one in test])
        assert [before[one.text] for one in test] == after
