"""Scores worked by hand, intervals against closed forms, and verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from velvet_nlp import evaluate, intervals
from velvet_nlp.bio import Span


def test_accuracy_is_a_ratio_of_sums() -> None:
    counts = evaluate.accuracy_counts([["A", "B"], ["C"]], [["A", "C"], ["C"]])

    assert counts.tolist() == [[1, 2], [1, 1]]
    assert evaluate.ratio(counts) == pytest.approx(2 / 3)
    assert evaluate.ratio(counts[:0]) == 0


GOLD = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "O", "B-ORG"]


@pytest.mark.parametrize(
    ("guess", "precision", "recall"),
    [
        (GOLD, 1, 1),
        (["O"] * 7, 0, 0),
        (["B-PER", "O", "O", "B-LOC", "B-LOC", "O", "B-ORG"], 3 / 4, 3 / 4),  # half of a name
        (["B-ORG", "I-ORG", "O", "B-LOC", "B-LOC", "O", "B-ORG"], 3 / 4, 3 / 4),  # type only
        (["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O", "O"], 1 / 2, 1 / 4),  # neighbours merged
    ],
)
def test_entities_count_when_extent_and_type_are_right(
    guess: list[str], precision: float, recall: float
) -> None:
    both = evaluate.span_prf([GOLD], [guess])[""]
    both_sums = precision + recall

    assert (both.precision, both.recall) == (precision, recall)
    assert both.f1 == pytest.approx(2 * precision * recall / both_sums if both_sums else 0)
    assert evaluate.ratio(evaluate.span_counts([GOLD], [guess])) == pytest.approx(both.f1)


def test_each_type_has_its_score_and_nothing_scores_zero() -> None:
    found = evaluate.span_prf([GOLD], [GOLD])

    assert sorted(found) == ["", "LOC", "ORG", "PER"]
    assert evaluate.span_prf([["O"]], [["O"]]) == {"": (0, 0, 0)}


def test_recall_of_wanted_entities_leaves_out_the_others() -> None:
    guess = ["B-PER", "I-PER", "O", "O", "O", "O", "O"]
    wanted = [{Span(0, 2, "PER"), Span(3, 4, "LOC")}]

    assert evaluate.recall_counts([GOLD], [guess], wanted).tolist() == [[1, 2]]


def test_rows_of_different_length_are_refused() -> None:
    for counted in (evaluate.accuracy_counts, evaluate.span_counts, evaluate.span_prf):
        with pytest.raises(ValueError, match="different lengths"):
            counted([["O"]], [["O", "O"]])


def test_ranks_of_ties_are_in_the_middle() -> None:
    scores = np.array([0.0, 0.0, 0.0, 1.0])

    assert [evaluate.rank_of(scores, at) for at in (0, 3)] == [3.0, 1.0]
    assert evaluate.ratio(evaluate.mrr_counts([1, 2, 4])) == pytest.approx((1 + 0.5 + 0.25) / 3)
    assert evaluate.ratio(evaluate.hit_counts([1, 2, 4], 2)) == pytest.approx(2 / 3)


def test_a_score_that_is_no_number_wins_nothing() -> None:
    with pytest.raises(ValueError, match="it has no rank"):
        evaluate.rank_of(np.array([math.nan, 0.5]), 0)
    for rank in (0, math.nan):
        with pytest.raises(ValueError, match="counted from 1"):
            evaluate.mrr_counts([rank])


def test_kappa_of_the_textbook() -> None:
    # 50 grants read by two readers: 20 both yes, 15 both no, 10 and 5 one each: kappa 0.4.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15

    assert evaluate.cohen_kappa(first, second) == pytest.approx(0.4)
    assert evaluate.cohen_kappa(["a"], ["a"]) == 1
    with pytest.raises(ValueError, match="cannot be compared"):
        evaluate.cohen_kappa([], [])


def test_the_interval_of_a_share_is_that_of_the_closed_form() -> None:
    hits, units = 300, 400
    counts = np.array([(float(at < hits), 1.0) for at in range(units)])
    share = hits / units
    width = 2 * 1.96 * math.sqrt(share * (1 - share) / units)

    found = intervals.bootstrap_ci(counts)

    assert found.value == share
    assert found.high - found.low == pytest.approx(width, rel=0.1)
    assert str(found).startswith("0.750 [0.7")


def test_the_wider_of_two_intervals_counts() -> None:
    # Documents are all right or all wrong: sentences of one say nothing new.
    counts = np.array([(float(at < 50), 1.0) for at in range(100)])
    documents = [str(at // 10) for at in range(100)]

    alone, grouped = (intervals.bootstrap_ci(counts, where) for where in (None, documents))

    assert grouped.unit == "document"
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert intervals.by_document(counts, documents)[:, 1].tolist() == [10] * 10


@pytest.mark.parametrize(
    ("first", "second", "verdict"), [(90, 60, "A"), (60, 90, "B"), (60, 61, "undecided")]
)
def test_a_difference_has_a_verdict(first: int, second: int, verdict: str) -> None:
    rows = [np.array([(float(at < hits), 1.0) for at in range(120)]) for hits in (first, second)]

    found = intervals.paired_bootstrap(rows[0], rows[1], [str(at % 6) for at in range(120)])

    assert found.verdict == verdict
    assert found.delta == pytest.approx((first - second) / 120)
    assert (found.p <= 0.05) == (verdict != "undecided")


def test_holm_corrects_as_in_the_paper() -> None:
    assert intervals.holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert intervals.holm([]) == []
    with pytest.raises(ValueError, match="between 0 and 1"):
        intervals.holm([1.5])


def test_more_sentences_detect_less() -> None:
    few, many = (intervals.minimum_detectable(units, 0.1) for units in (100, 400))

    assert few == pytest.approx(2.8016 * 0.1 / 10, rel=1e-3)
    assert many == pytest.approx(few / 2)
    same = np.array([(1.0, 2.0), (2.0, 2.0)])
    assert intervals.deviation_of(same, same) == 0
    assert intervals.deviation_of(same[:1], same[:1]) == 0


def test_the_deviation_is_that_of_the_bootstrap_where_one_contender_guesses_little() -> None:
    # F1 counts: the first finds half of what it guesses, the second guesses a tenth as often.
    draw, units = np.random.default_rng(6), 400
    gold, often, rarely = (draw.binomial(3, share, units) for share in (0.6, 0.6, 0.06))
    first, second = (
        np.column_stack([2.0 * np.minimum(draw.binomial(guess, 0.5), gold), gold + guess])
        for guess in (often, rarely)
    )

    found = intervals.paired_bootstrap(first, second)

    width = 2 * 1.96 * intervals.deviation_of(first, second) / math.sqrt(units)
    assert width == pytest.approx(found.high - found.low, rel=0.1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: intervals.bootstrap_ci(np.zeros((0, 2))),
        lambda: intervals.bootstrap_ci(np.ones((2, 2)), level=1),
        lambda: intervals.bootstrap_ci(np.ones((2, 2)), ["a", "b", "c"]),
        lambda: intervals.paired_bootstrap(np.ones((2, 2)), np.ones((3, 2))),
        lambda: intervals.minimum_detectable(0, 1),
        lambda: intervals.minimum_detectable(9, math.nan),
        lambda: intervals.bootstrap_ci(np.ones((2, 2)), draws=0),
        lambda: intervals.bootstrap_ci(np.full((2, 2), math.nan)),
        lambda: intervals.paired_bootstrap(np.ones((2, 2)), np.ones((2, 2)), level=0),
    ],
)
def test_what_cannot_be_resampled_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"\d|finite"):
        call()
