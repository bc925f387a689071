"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from velvet_nlp.bio import Span, bio_from_spans
from velvet_nlp.evaluate import cohen_kappa, hit_counts, mrr_counts
from velvet_nlp.intervals import bootstrap_ci, by_document, holm, minimum_detectable

COUNTS = np.array([[1.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: bio_from_spans([Span(0, 1, "A"), Span(1, 2, "A")], 2), ["B-A", "B-A"]),
        (lambda: bio_from_spans([Span(0, 2, "A")], 2), ["B-A", "I-A"]),
        (lambda: bio_from_spans([Span(0, 1, "A"), Span(1, 2, "A")], 2, "IOB1"), ["I-A", "B-A"]),
        (lambda: bio_from_spans([Span(0, 1, "A"), Span(1, 2, "B")], 2, "IOB1"), ["I-A", "I-B"]),
        (lambda: bio_from_spans([Span(1, 2, "A")], 2, "BILUO"), ["O", "U-A"]),
        (lambda: bio_from_spans([], 0), []),
        (lambda: mrr_counts([1, 2]).tolist(), [[1.0, 1.0], [0.5, 1.0]]),
        (lambda: hit_counts([1, 2], 1).tolist(), [[1.0, 1.0], [0.0, 1.0]]),
        (lambda: hit_counts([1, 2], 2).tolist(), [[1.0, 1.0], [1.0, 1.0]]),
        (lambda: cohen_kappa(["a"], ["a"]), 1.0),
        (lambda: bootstrap_ci(COUNTS, draws=1).value, 0.5),
        (lambda: bootstrap_ci(COUNTS[:1], draws=9, level=0.001).low, 1.0),
        (lambda: by_document(COUNTS, ["a", "a"]).tolist(), [[1.0, 2.0]]),
        (lambda: holm([0, 1]), [0.0, 1.0]),
        (lambda: minimum_detectable(1, 0), 0.0),
        (lambda: round(minimum_detectable(4, 1), 6), round(minimum_detectable(1, 1) / 2, 6)),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bio_from_spans([Span(-1, 1, "A")], 2), "leaves 2 tokens"),
        (lambda: bio_from_spans([Span(1, 1, "A")], 2), "is empty"),
        (lambda: bio_from_spans([Span(1, 3, "A")], 2), "leaves 2 tokens"),
        (lambda: bio_from_spans([Span(0, 2, "A"), Span(1, 2, "A")], 2), "overlaps"),
        (lambda: mrr_counts([0.9]), "counted from 1"),
        (lambda: hit_counts([1], 0), "k is 0"),
        (lambda: cohen_kappa([], []), "cannot be compared"),
        (lambda: cohen_kappa(["a"], ["a", "b"]), "cannot be compared"),
        (lambda: bootstrap_ci(COUNTS, draws=0), "0 draws"),
        (lambda: bootstrap_ci(COUNTS[:0], draws=1), "0 units"),
        (lambda: bootstrap_ci(COUNTS, draws=9, level=0), "level is 0"),
        (lambda: bootstrap_ci(COUNTS, draws=9, level=1), "level is 1"),
        (lambda: bootstrap_ci(COUNTS * math.inf, draws=9), "not a finite number"),
        (lambda: by_document(COUNTS, ["a"]), "have 1 documents"),
        (lambda: holm([-0.01]), "between 0 and 1"),
        (lambda: holm([1.01]), "between 0 and 1"),
        (lambda: minimum_detectable(0, 1), "0 units"),
        (lambda: minimum_detectable(1, -0.1), "deviation -0.1"),
        (lambda: minimum_detectable(1, math.inf), "deviation inf"),
        (lambda: minimum_detectable(1, 1, power=0), "power 0"),
        (lambda: minimum_detectable(1, 1, power=1), "power 1"),
        (lambda: minimum_detectable(1, 1, level=0), "level 0"),
        (lambda: minimum_detectable(1, 1, level=1), "level 1"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=words):
        call()
