"""Tests of windows, detectors of streams, their calibration, and the monitor's verdicts."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from velvet_ml import data
from velvet_ml.contracts import infer
from velvet_ml.drift import batch, evaluate, stream
from velvet_ml.errors import NotEnoughData
from velvet_ml.monitor import Monitor, Verdict
from velvet_ml.train import Run

RNG = np.random.default_rng(0)
REFERENCE = RNG.standard_normal(4_000)


def test_psi_by_hand() -> None:
    reference, sample = np.arange(100.0), np.repeat([10.0, 30.0, 60.0, 90.0], [40, 20, 20, 20])
    p, q = np.full(4, 25.5 / 102), np.array([40.5, 20.5, 20.5, 20.5]) / 102
    expected = float(np.sum((p - q) * np.log(p / q)))
    assert batch.psi(reference, sample, bins=4) == pytest.approx(expected)
    assert batch.psi(reference, reference) == 0


def test_scores_against_scipy() -> None:
    sample = RNG.standard_normal(500) + 0.3
    expected = stats.ks_2samp(REFERENCE, sample, method="asymp").pvalue
    assert batch.ks_p(REFERENCE, sample) == pytest.approx(expected)
    apart = stats.wasserstein_distance(REFERENCE, sample) / REFERENCE.std()
    assert batch.wasserstein(REFERENCE, sample) == pytest.approx(apart)
    first, second = ["a"] * 60 + ["b"] * 40, ["a"] * 40 + ["b"] * 60
    expected = stats.chi2_contingency([[60, 40], [40, 60]], correction=False).pvalue
    assert batch.chi_square_p(first, second) == pytest.approx(expected)
    assert batch.chi_square_p(["a"] * 40, ["a"] * 50) == 1.0


def test_a_constant_reference_has_defined_scores() -> None:
    flat = np.full(100, 3.0)
    assert batch.psi(flat, flat) == 0
    assert batch.psi(flat, flat + 1) > 1
    assert batch.psi(flat, flat - 1) > 1
    assert batch.wasserstein(flat, flat) == 0
    assert batch.wasserstein(flat, flat + 1) == np.inf


@pytest.mark.parametrize(
    "ask",
    [
        lambda: batch.psi(REFERENCE, REFERENCE[:29]),
        lambda: batch.ks_p(REFERENCE, np.full(100, np.nan)),
        lambda: batch.wasserstein(np.array([]), REFERENCE),
        lambda: batch.chi_square_p(["a"] * 10, ["a"] * 100),
        lambda: batch.calibrate(batch.psi, REFERENCE[:100], 50, rng=RNG),
        lambda: batch.classifier_drift(np.ones((10, 2)), np.ones((100, 2))),
    ],
)
def test_too_few_rows_are_refused_and_never_an_alarm(ask: object) -> None:
    with pytest.raises(NotEnoughData):
        ask()  # type: ignore[operator]


@pytest.mark.parametrize("score", [batch.psi, batch.wasserstein])
def test_a_calibrated_threshold_cries_as_often_as_it_says(score: batch.Score) -> None:
    rng = np.random.default_rng(1)
    bar = batch.calibrate(score, REFERENCE, 200, alarms=0.1, rng=rng, rounds=200)
    alarms = sum(score(REFERENCE, rng.standard_normal(200)) > bar for _ in range(200))
    assert alarms <= stats.binom.ppf(0.9995, 200, 0.2)
    assert score(REFERENCE, rng.standard_normal(200) + 1) > bar


def test_many_columns_are_corrected() -> None:
    rng = np.random.default_rng(2)
    old = pd.DataFrame(rng.standard_normal((300, 30))).add_prefix("x")
    new = pd.DataFrame(rng.standard_normal((300, 30))).add_prefix("x")
    new["x3"] += 1.0
    assert batch.feature_drift(old, new).alarms == ("x3",)
    raw = batch.feature_drift(old, new, level=0.2, correction="raw")
    assert len(raw.alarms) > len(
        batch.feature_drift(old, new, level=0.2, correction="bonferroni").alarms
    )
    with pytest.raises(ValueError, match="'magic' is none of raw"):
        batch.feature_drift(old, new, correction="magic")


def test_gaps_and_categories_are_columns_too() -> None:
    old, new = data.make_churn(500, 1).features, data.make_churn(500, 2).features
    assert batch.feature_drift(old, new).alarms == ()
    moved = new.assign(plan="team", monthly_spend=np.nan)
    assert batch.feature_drift(old, moved).alarms == ("monthly_spend", "plan")


def test_a_turned_correlation_is_seen_by_boosting_alone() -> None:
    pair = ["tenure_months", "monthly_spend"]
    old = data.make_churn(1_200, 1).frame[pair].dropna()
    new = data.make_churn(1_200, 2, data.DriftScenario("correlation")).frame[pair].dropna()
    assert min(batch.feature_drift(old, new).p.values()) > 0.01
    linear = batch.classifier_drift(old.to_numpy(), new.to_numpy(), model="linear")
    trees = batch.classifier_drift(old.to_numpy(), new.to_numpy())
    assert abs(linear.auc - 0.5) < 0.08
    assert trees.auc > 0.75
    assert trees.p < 1e-9


@pytest.mark.parametrize(
    "make", [partial(stream.Cusum, 5.0), partial(stream.PageHinkley, 5.0), stream.Adwin]
)
def test_a_detector_finds_a_rise_and_starts_anew(make: evaluate.Make) -> None:
    values = evaluate.changing(600, 600, 0.5, np.random.default_rng(5))
    detector = make()
    at = evaluate.first_alarm(detector, values)
    assert at is not None
    assert 600 < at < 760
    calm = evaluate.errors(300, 0.1, np.random.default_rng(6))
    assert sum(map(detector.update, calm)) <= 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_detector_refuses_nan_and_infinity(bad: float) -> None:
    for make in (
        lambda: stream.Cusum(bad),
        lambda: stream.Cusum(5.0, target=bad),
        lambda: stream.Cusum(5.0, slack=bad),
        lambda: stream.PageHinkley(bad),
        lambda: stream.PageHinkley(5.0, slack=bad),
        lambda: stream.Adwin(bad),
    ):
        with pytest.raises(ValueError, match=str(bad)):
            make()
    for one in (stream.Cusum(2.0), stream.PageHinkley(2.0, warm=1), stream.Adwin(clock=1)):
        with pytest.raises(ValueError, match=f"a value is {bad}"):
            one.update(bad)
        assert evaluate.first_alarm(one, [0.0] * 50 + [1.0] * 50)


def test_adwin_agrees_with_river() -> None:
    pytest.importorskip("river", reason="river is not installed: pip install river")
    for seed, change in ((1, 0.3), (2, 0.15), (3, 0.05)):
        values = evaluate.changing(2_000, 600, change, np.random.default_rng(seed))
        ours = evaluate.first_alarm(stream.Adwin(), values)
        theirs = evaluate.first_alarm(stream.river_detector("ADWIN"), values)
        assert (ours is None) == (theirs is None)
        assert abs((ours or 0) - (theirs or 0)) <= 64


@pytest.mark.parametrize("name", ["PageHinkley", "DDM"])
def test_detectors_of_river_speak_the_same_protocol(name: str) -> None:
    pytest.importorskip("river", reason="river is not installed: pip install river")
    values = evaluate.changing(800, 400, 0.6, np.random.default_rng(1))
    assert evaluate.first_alarm(stream.river_detector(name), values)
    with pytest.raises(ValueError, match="no detector 'Magic'"):
        stream.river_detector("Magic")


def test_adwin_keeps_few_buckets_and_a_recent_mean() -> None:
    rng, one = np.random.default_rng(7), stream.Adwin()
    for x in evaluate.changing(1_000, 3_000, 0.6, rng):
        one.update(x)
        assert one.buckets <= 6 * (np.log2(one.n + 1) + 1)
    assert one.mean > 0.6
    assert one.n == sum(2**level * len(row) for level, row in enumerate(one.rows))
    assert stream.Adwin().mean == 0
    with pytest.raises(ValueError, match="delta is 0"):
        stream.Adwin(0)


def test_a_threshold_is_set_to_a_run_length() -> None:
    threshold = evaluate.calibrate(stream.Cusum, 300, seed=1, rounds=60)
    length = evaluate.run_length(partial(stream.Cusum, threshold), steps=1_500, rounds=200, seed=2)
    assert 180 < length < 500
    assert evaluate.run_length(stream.Adwin, steps=50, rounds=2, seed=1) == float("inf")
    with pytest.raises(ValueError, match="the run length is 5"):
        evaluate.calibrate(stream.Cusum, 5, seed=1)


def test_a_delay_is_counted_apart_from_alarms_before_the_change() -> None:
    hasty = evaluate.delay(
        partial(stream.Cusum, 0.5), 0.3, after=200, within=300, rounds=10, seed=1
    )
    assert hasty.early == 1
    assert hasty.median == float("inf")
    calm = evaluate.delay(partial(stream.Cusum, 9.0), 0.3, after=200, within=300, rounds=10, seed=1)
    assert (calm.early, calm.found) == (0, 1)
    assert 20 < calm.median < 90


@pytest.fixture(scope="module")
def monitored() -> tuple[Monitor, Run]:
    run = Run("logreg")
    trained = run.execute(data.make_churn(1_500, 5))
    monitor = Monitor(trained.contract, data.make_churn(1_500, 6).features, 0.72)
    for window, kind in enumerate(WANTED):
        churn = data.make_churn(600, 40 + window, data.DriftScenario(kind))
        ids = [f"{kind}-{number}" for number in range(600)]
        predicted = (trained.predict(churn.features) >= 0.5).astype(int)
        monitor.predictions(window, churn.features, ids, predicted)
        truth = dict(zip(ids, churn.target, strict=True))
        monitor.labels(truth)
        monitor.labels(truth)  # twice is once
    return monitor, run


WANTED: dict[data.Kind, Verdict] = {
    "none": Verdict.OK,
    "covariate": Verdict.COVARIATE,
    "concept": Verdict.CONCEPT,
    "missingness": Verdict.COVARIATE,
    "unit_change": Verdict.DATA_QUALITY,
    "correlation": Verdict.OK,
}


@pytest.mark.parametrize(("window", "kind"), list(enumerate(WANTED)))
def test_a_window_has_one_verdict(
    window: int, kind: data.Kind, monitored: tuple[Monitor, Run]
) -> None:
    seen = monitored[0].judge(window)
    assert seen.verdict is WANTED[kind]
    assert seen.labelled == 600
    assert seen.verdict.action


def test_a_share_of_broken_rows_may_be_as_large_as_is_allowed() -> None:
    frame = data.make_churn(200, 6).features
    broken = frame.copy()
    broken.loc[:19, "support_calls"] = -99.0
    for most, verdict in ((0.1, Verdict.WAITING), (0.099, Verdict.DATA_QUALITY)):
        monitor = Monitor(infer(frame), frame, 0.7, max_broken=most)
        monitor.predictions(0, broken, [*map(str, range(200))], [1] * 200)
        told = monitor.judge(0)
        assert (told.verdict, told.broken) == (verdict, 0.1)


def test_labels_come_late_twice_or_for_unknown_ids() -> None:
    trained = Run("logreg").execute(data.make_churn(400, 5))
    churn = data.make_churn(200, 6)
    monitor = Monitor(trained.contract, churn.features, 0.7)
    ids = [str(number) for number in range(200)]
    monitor.predictions(0, churn.features, ids, [1] * 200)
    assert monitor.judge(0).verdict is Verdict.WAITING
    assert monitor.judge(0).accuracy is None
    monitor.labels({"0": 1, "stranger": 1, "1": 0})  # the stranger keeps no other label away
    monitor.labels({"0": 1})
    told = monitor.judge(0)
    assert (told.accuracy, told.labelled, monitor.unknown_labels) == (0.5, 2, 1)
    with pytest.raises(ValueError, match="window 7: an id stands for two rows"):
        monitor.predictions(7, churn.features, ["1"] * 200, [1] * 200)
    with pytest.raises(ValueError, match="NaN"):
        monitor.labels({"0": 0, "1": float("nan")})  # type: ignore[dict-item]
    assert monitor.judge(0).accuracy == 0.5  # nothing of a refused call is taken
    with pytest.raises(ValueError, match="window 0: new"):
        monitor.predictions(0, churn.features, ids, [1] * 200)
    with pytest.raises(LookupError, match="no window 9"):
        monitor.judge(9)
    monitor.predictions(1, churn.features.drop(columns="plan"), ids, [1] * 200)
    assert monitor.judge(1).verdict is Verdict.DATA_QUALITY
