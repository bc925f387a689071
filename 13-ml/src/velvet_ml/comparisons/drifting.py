"""Is it drifting: alarms for nothing, alarms in time, and what marginal tests cannot see."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, mode, value
from velvet_ml import data
from velvet_ml.comparisons.experiments import share
from velvet_ml.drift import batch, evaluate, stream
from velvet_ml.train import Run

ARL = 1_000
FEATURES = 50


def _rounds(quick: int, default: int) -> int:
    return quick if mode() == "quick" else default


def _windows(test: str, n: int, shift: float) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        rng = np.random.default_rng(8)
        reference = rng.standard_normal(20_000)
        alarm = ALARMS[test](reference, n, rng)
        rounds = _rounds(60, 300)
        hits = sum(alarm(rng.standard_normal(n) + shift) for _ in range(rounds))
        return {"alarms": share(hits, rounds)}

    return run


def _psi_at(bar: float) -> Callable[..., Callable[[Any], bool]]:
    return lambda reference, *_: lambda x: batch.psi(reference, x) > bar


def _calibrated(score: batch.Score) -> Callable[..., Callable[[Any], bool]]:
    def make(reference: Any, n: int, rng: np.random.Generator) -> Callable[[Any], bool]:
        bar = batch.calibrate(score, reference, n, alarms=0.01, rng=rng, rounds=_rounds(150, 400))
        return lambda x: score(reference, x) > bar

    return make


ALARMS: dict[str, Callable[..., Callable[[Any], bool]]] = {
    "psi_0.1": _psi_at(0.1),
    "psi_0.2": _psi_at(0.2),
    "psi_calibrated": _calibrated(batch.psi),
    "ks_1pct": lambda reference, *_: lambda x: batch.ks_p(reference, x) < 0.01,
    "wasserstein_calibrated": _calibrated(batch.wasserstein),
}


def _many(correction: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        rng, rounds = np.random.default_rng(9), _rounds(200, 400)
        hits = 0
        for _ in range(rounds):
            pairs = rng.standard_normal((FEATURES, 2, 300))
            p = [batch.ks_p(old, new) for old, new in pairs]
            hits += min(batch.CORRECTIONS[correction](p)) < 0.05
        return {"alarms": share(hits, rounds)}

    return run


def _detector(name: str) -> evaluate.Make:
    if name in ("cusum", "page_hinkley"):
        rounds = _rounds(12, 40)
        threshold = evaluate.calibrate(stream.OURS[name], ARL, seed=3, rounds=rounds)
        return partial(stream.OURS[name], threshold)
    if name == "adwin":
        return stream.Adwin
    return partial(stream.river_detector, name.removeprefix("river_"))


def _raced(name: str, change: float) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        make, rounds = _detector(name), _rounds(20, 60)
        length = evaluate.run_length(make, steps=5_000, rounds=rounds, seed=4)
        seen = evaluate.delay(make, change, after=500, within=2_000, rounds=rounds, seed=5)
        found = {"found": seen.found * 100, "early": seen.early * 100}
        # Streams without any false alarm show that the run length is at least all that was read.
        found["run_length"] = min(length, 5_000.0 * rounds)
        return {"delay": seen.median if seen.found else 2_000.0, **found}

    return run


def _hidden(test: str) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        columns = ["tenure_months", "monthly_spend"]
        usual = data.make_churn(3_000, 1).frame[columns].dropna()
        turned = (
            data.make_churn(3_000, 2, data.DriftScenario("correlation")).frame[columns].dropna()
        )
        if test == "marginals":
            lowest = min(batch.feature_drift(usual, turned).p.values())
            return {"auc": 0.5, "p": lowest}
        found = batch.classifier_drift(usual.to_numpy(), turned.to_numpy(), model=test)
        return {"auc": found.auc, "p": found.p}

    return run


def _harm(kind: data.Kind) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        trained = Run("boosting").execute(data.make_churn(6_000, 5))
        usual = data.make_churn(3_000, 6).features
        churn = data.make_churn(3_000, 7, data.DriftScenario(kind))
        right = (trained.predict(churn.features) >= 0.5) == churn.target
        lowest = min(batch.feature_drift(usual, churn.features, correction="bonferroni").p.values())
        return {"accuracy": float(right.mean()), "p": lowest}

    return run


def _add_windows(suite: Suite) -> None:
    windows = suite.comparison(
        "batch_drift",
        title="Windows that raise an alarm, against a reference of 20,000 rows",
        kind="value",
        unit="%",
        limit=300,
        sizes=[{"n": n, "shift": shift} for n in (100, 20_000) for shift in (0.0, 0.05, 0.2)],
        quick=lambda n, shift: (n, shift) in ((100, 0.0), (20_000, 0.05)),
        metrics={"alarms": Metric("%")},
    )
    for name in ALARMS:
        windows.add(name, partial(_windows, name))
    suite.claim(
        "PSI above 0.1 cries in at least 10 % of windows of 100 rows without drift",
        value("batch_drift", "psi_0.1", n=100, shift=0.0) >= 10,
    )
    suite.claim(
        "and never for a shift of 0.2 standard deviations at 20,000 rows",
        value("batch_drift", "psi_0.1", n=20_000, shift=0.2) <= 5,
        tier="default",
    )
    suite.claim(
        "KS finds a shift of 0.05 at 20,000 rows: significant, whether or not it matters",
        value("batch_drift", "ks_1pct", n=20_000, shift=0.05) >= 60,
    )
    suite.claim(
        "calibrated PSI cries in at most 8 % of windows without drift",
        value("batch_drift", "psi_calibrated", n=100, shift=0.0) <= 8,
        tier="default",
    )
    many = suite.comparison(
        "many_features",
        title=f"{FEATURES} columns without drift: windows with an alarm at 5 %",
        kind="value",
        unit="%",
        metrics={"alarms": Metric("%")},
        tier="default",
    )
    for correction in batch.CORRECTIONS:
        many.add(correction, partial(_many, correction))
    for claim, condition in (
        ("50 tests: at least 60 % of windows cry", value("many_features", "raw") >= 60),
        ("Benjamini-Hochberg: at most 20 % cry", value("many_features", "bh") <= 20),
    ):
        suite.claim(claim, condition, tier="default")


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_windows(suite)
    _add_streams(suite)
    _add_causes(suite)


def _add_streams(suite: Suite) -> None:
    race = suite.comparison(
        "stream_delay",
        title="An error rate that rises from 0.1: values until the alarm, and between false ones",
        kind="value",
        unit="values",
        limit=300,
        sizes={"change": [0.1, 0.2]},
        quick=lambda change: change == 0.2,
        metrics={
            "delay": "values",
            "run_length": Metric("values", "higher"),
            "found": Metric("%", "higher"),
            "early": Metric("%"),
        },
    )
    for name in stream.OURS:
        race.add(
            name, partial(_raced, name), note="" if name == "adwin" else f"calibrated to {ARL}"
        )
    for name in stream.RIVER:
        slow: dict[str, Any] = (
            {"tier": "full", "note": "a thousand times slower"} if name == "KSWIN" else {}
        )
        race.add(f"river_{name}", partial(_raced, f"river_{name}"), needs="river", **slow)
    suite.claim(
        "ADWIN finds a rise of 0.2 within 250 values (median)",
        value("stream_delay", "adwin", "delay", change=0.2) <= 250,
    )
    suite.claim(
        "our ADWIN is as quick as river's",
        (
            value("stream_delay", "adwin", "delay", change=0.2)
            - value("stream_delay", "river_ADWIN", "delay", change=0.2)
        ).between(-64, 64),
    )
    suite.claim(
        "DDM is quicker than ADWIN, and cries before the change in at least one stream of ten",
        (
            value("stream_delay", "adwin", "delay", change=0.2)
            - value("stream_delay", "river_DDM", "delay", change=0.2)
            >= 0
        )
        & (value("stream_delay", "river_DDM", "early", change=0.2) >= 10),
    )
    suite.claim(
        "calibrated detectors cry about once in 1,000 values",
        value("stream_delay", "cusum", "run_length", change=0.2).between(500, 2_000)
        & value("stream_delay", "page_hinkley", "run_length", change=0.2).between(500, 3_000),
    )


def _add_causes(suite: Suite) -> None:
    hidden = suite.comparison(
        "invisible_drift",
        title="A correlation that turns: who tells the windows apart",
        kind="value",
        unit="AUC",
        metrics={"auc": Metric("AUC", "higher"), "p": Metric("p")},
    )
    for name in ("marginals", "linear", "boosting"):
        hidden.add(name, partial(_hidden, name))
    suite.claim(
        "marginal tests and a linear classifier see nothing, boosting does",
        (value("invisible_drift", "marginals", "p") >= 0.05)
        & value("invisible_drift", "linear", "auc").between(0.44, 0.56)
        & (value("invisible_drift", "boosting", "auc") >= 0.75),
    )
    harm = suite.comparison(
        "drift_and_harm",
        title="What the columns say (smallest p), and what the score says",
        kind="value",
        unit="accuracy",
        metrics={"accuracy": Metric("accuracy", "higher"), "p": Metric("p")},
    )
    for kind in ("none", "covariate", "concept"):
        harm.add(kind, partial(_harm, kind))
    suite.claim(
        "input drift without harm: p below 0.001, the accuracy within 0.05",
        (value("drift_and_harm", "covariate", "p") <= 0.001)
        & (value("drift_and_harm", "none") - value("drift_and_harm", "covariate") <= 0.05),
    )
    suite.claim(
        "harm without input drift: no alarm at 0.001, the accuracy at least 0.2 lower",
        (value("drift_and_harm", "concept", "p") >= 0.001)
        & (value("drift_and_harm", "none") - value("drift_and_harm", "concept") >= 0.2),
    )
