"""Leaks that are found, scores that are real, and runs that can be made again."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold, TimeSeriesSplit

from velvet_ml import data, leakage
from velvet_ml.errors import LeakageError, NotEnoughData
from velvet_ml.train import Run, best_threshold, bootstrap_interval, brier, calibration_error

RNG = np.random.default_rng


@pytest.mark.parametrize("leak", ["selection", "encoding", "group"])
def test_a_leak_scores_above_the_truth(leak: str) -> None:
    scores = leakage.LEAKS[leak](0)
    assert scores.leaky - scores.honest > 0.15
    assert abs(scores.honest - 0.5) < 0.15


def test_shuffled_folds_see_the_future() -> None:
    scores = leakage.time_leak(0)
    assert scores.leaky > 0.9
    assert scores.honest < 0.2


def test_a_permutation_test_tells_selection_outside_from_inside() -> None:
    x, y = RNG(0).standard_normal((60, 800)), np.arange(60) % 2
    outside = leakage.permutation_test(leakage.leaky_selection, x, y, rng=RNG(1), rounds=4)
    inside = leakage.permutation_test(leakage.honest_selection, x, y, rng=RNG(1), rounds=4)
    assert (outside.leaks, inside.leaks) == (True, False)
    assert outside.chance == 0.5
    assert 0.2 <= outside.p <= 1
    with pytest.raises(NotEnoughData, match="29 rows"):
        leakage.permutation_test(leakage.leaky_selection, x[:29], y[:29], rng=RNG(1))


def test_an_audit_names_group_time_duplicates_and_a_feature() -> None:
    x, y, member = leakage.group_data(0, groups=30, each=4)
    x[:, 0] = y + 0.01 * x[:, 0]  # the label itself as a column
    x[1:4] = x[0]  # four equal rows over three folds
    score = partial(leakage.honest_selection, k=2)
    splits = list(KFold(3, shuffle=True, random_state=0).split(x))
    found = leakage.audit(
        score, x, y, splits, rng=RNG(0), groups=member, time=np.arange(len(y)), rounds=2
    )
    kinds = [one.split(":")[0] for one in found]
    assert kinds == ["feature", "duplicates", "group", "time"]
    with pytest.raises(LeakageError, match="the score is not real") as caught:
        leakage.require_clean(found)
    assert len(caught.value.findings) == 4


def test_an_honest_split_has_no_findings() -> None:
    x, y, member = leakage.group_data(1, groups=30, each=4)
    score = partial(leakage.honest_selection, k=2)
    grouped = list(GroupKFold(3).split(x, y, member))
    assert leakage.audit(score, x, y, grouped, rng=RNG(0), groups=member, rounds=2) == []
    ahead = list(TimeSeriesSplit(3).split(x))
    times = np.arange(len(y))
    assert leakage.audit(score, x, y, ahead, rng=RNG(0), time=times, rounds=2) == []
    leakage.require_clean([])


def test_an_audit_reads_columns_of_texts() -> None:
    x = np.array([[f"city-{number % 40}", number % 3] for number in range(80)], dtype=object)
    y = np.arange(80) % 2
    found = leakage.audit(
        lambda *_: 0.5, x, y, [(np.arange(40), np.arange(40, 80))], rng=RNG(0), rounds=2
    )
    assert list(leakage.single_feature_auc(x, y)) == [1]
    assert (
        leakage.duplicate_overlap(x[:3].copy(), np.array([["city-" + "1", 1]], dtype=object)) == 1
    )
    assert len(found) <= 1


def test_a_leaking_procedure_is_named_by_the_audit() -> None:
    x, y = RNG(0).standard_normal((60, 800)), np.arange(60) % 2
    found = leakage.audit(leakage.leaky_selection, x, y, [], rng=RNG(0), rounds=3)
    assert len(found) == 1
    assert found[0].startswith("permutation: shuffled labels score 0.")


def test_scores_by_hand() -> None:
    y, p = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.6, 0.4])
    assert brier(y, p) == pytest.approx((0.01 + 0.01 + 0.16 + 0.16) / 4)
    assert calibration_error(y, p) == pytest.approx((0.1 + 0.1 + 0.4 + 0.4) / 4)
    assert best_threshold(y, p, missed=1, false_alarm=1) == 0.6
    assert best_threshold(np.array([0, 0]), np.array([0.2, 0.8]), missed=5, false_alarm=1) == 1.0
    tied = np.array([0.3, 0.3, 0.3, 0.1])  # acting on one of three equal rows is no choice
    assert best_threshold(np.array([1, 0, 0, 0]), tied, missed=3, false_alarm=1) == 0.3
    assert best_threshold(np.array([1, 0, 0, 0]), tied, missed=1, false_alarm=1) == 1.0
    low, high = bootstrap_interval(brier, y, p, rng=RNG(0), rounds=50)
    assert 0 <= low <= brier(y, p) <= high


def test_rows_of_one_class_have_no_interval_and_no_endless_search() -> None:
    with pytest.raises(NotEnoughData, match="2 rows of one class"):
        bootstrap_interval(brier, np.ones(2), np.array([0.5, 0.6]), rng=RNG(0))


def test_a_score_that_is_nan_is_no_clean_bill() -> None:
    x, y = RNG(0).standard_normal((40, 2)), np.arange(40) % 2
    with pytest.raises(ValueError, match="a score is nan"):
        leakage.permutation_test(lambda *_: float("nan"), x, y, rng=RNG(0), rounds=2)
    ahead, gaps = [(np.arange(20, 40), np.arange(20))], np.arange(40.0)
    gaps[30] = np.nan
    with pytest.raises(ValueError, match="time has gaps"):
        leakage.audit(lambda *_: 0.5, x, y, ahead, rng=RNG(0), time=gaps, rounds=2)


def test_a_run_says_all_that_a_manifest_needs_and_can_be_made_again() -> None:
    churn = data.make_churn(600, 3)
    run = Run("logreg", seed=4)
    trained = run.execute(churn)
    assert trained.metrics["auc_low"] < trained.metrics["auc"] < trained.metrics["auc_high"]
    assert trained.metrics["accuracy"] < churn.bayes_accuracy + 0.1
    assert 0 < trained.threshold < 0.5  # a churner missed costs five calls
    assert set(trained.packages) >= {"scikit-learn", "numpy"}
    assert run.reproduce(trained, churn) <= 1e-9
    with pytest.raises(ValueError, match="other data"):
        run.reproduce(trained, data.make_churn(600, 5))


@pytest.mark.parametrize("model", ["forest", "boosting"])
def test_each_model_learns(model: str) -> None:
    trained = Run(model).execute(data.make_churn(600, 3))
    assert trained.metrics["auc"] > 0.65
    assert trained.predict(trained.held_out).shape == (150,)


def test_a_run_refuses_what_it_cannot_train() -> None:
    with pytest.raises(ValueError, match="'magic' is none of logreg"):
        Run("magic").execute(data.make_churn(200, 0))
    with pytest.raises(NotEnoughData, match="99 rows"):
        Run().execute(data.make_churn(99, 0))
