"""Intermediate examples: parity, peeking, variance, and drift that harms or does not."""

from __future__ import annotations

import textwrap

import numpy as np

from velvet.examples import example, main
from velvet_ml import data, lab
from velvet_ml.contracts import infer
from velvet_ml.drift import batch
from velvet_ml.errors import ParityError
from velvet_ml.experiment import analyse, design, sequential
from velvet_ml.monitor import Monitor
from velvet_ml.parity import export
from velvet_ml.train import Run


@example("onnx_parity")
def onnx_parity() -> None:
    """Three exports on three shapes of data: how many rows differ, and what the gate says."""
    print(f"{'model':17}{'data':9}{'largest':>9}{'over 1e-5':>11}{'flipped':>9}  gate")
    for shape in lab.SHAPES:
        for name in ("logreg", "boosting", "scaled_boosting"):
            report = lab.exported(name, shape, rows=5_000)
            verdict = "opens" if report.passes else "refuses"
            row = f"{report.max_dp:>9.1e}{report.share_over:>11.2%}{report.flipped:>9}"
            print(f"{name:17}{shape:9}{row}  {verdict}")
    churn = data.make_churn(1_500, 3)
    shifted = data.Churn(lab.SHAPES["shifted"](churn.frame), churn.target, churn.probability)
    trained = Run("boosting").execute(shifted)  # its contract centres the column
    print(
        f"\ncentred in the contract:\n  {export(trained.model, trained.contract, trained.held_out)[1]}"
    )
    careless = Run("boosting", contract=infer(shifted.features, centre=False)).execute(shifted)
    try:
        export(careless.model, careless.contract, careless.held_out)
    except ParityError as error:
        print(textwrap.fill(f"ParityError: {error}", 78))


@example("peeking")
def peeking() -> None:
    """2,000 A/A tests under six stopping rules, and what each rule finds when there is an effect."""
    runs = {
        lift: sequential.paths(2_000, per_arm=10_000, base=0.1, lift=lift, seed=1)
        for lift in (0, 0.1, 0.2)
    }
    print(f"{'rule':16}{'false':>8}{'power':>8}{'users':>8}{'power':>8}{'users':>8}")
    print(f"{'':16}{'no lift':>8}{'+10 %':>16}{'+20 %':>16}")
    for name, rule in sequential.RULES.items():
        none, some, more = (sequential.judge(rule, one) for one in runs.values())
        print(
            f"{name:16}{none.share:>8.1%}{some.share:>8.1%}{some.mean_users:>8,.0f}"
            f"{more.share:>8.1%}{more.mean_users:>8,.0f}"
        )
    assigner = design.Assigner("checkout", {"a": 0.5, "b": 0.5})
    arms = [assigner.arm(f"user-{number}") for number in range(20_000)]
    counts = (arms.count("a"), arms.count("b"))
    print(f"\nassigned {counts}: sample ratio p = {design.srm_check(counts, (0.5, 0.5)):.2f}")
    print(f"lost 3 % of one arm: p = {design.srm_check((9_700, 10_000), (0.5, 0.5)):.2g}")
    print(f"users an arm for 10 % +- 1 point at power 0.8: {design.sample_size(0.1, 0.01):,}")


@example("cuped_power")
def cuped_power() -> None:
    """What a user's past explains is taken out: the variance falls by the squared correlation."""
    rng = np.random.default_rng(2)
    print(f"{'correlation':>11}{'variance left':>15}{'1 - r squared':>15}")
    for r in (0.0, 0.3, 0.5, 0.7, 0.9):
        x = rng.standard_normal(40_000)
        y = r * x + np.sqrt(1 - r * r) * rng.standard_normal(40_000)
        left = analyse.cuped(y, x).var() / y.var()
        print(f"{r:>11.1f}{left:>15.3f}{1 - r * r:>15.3f}")

    def arm(users: int) -> tuple[np.ndarray, np.ndarray]:
        views = rng.geometric(0.1, users).astype(float)
        return rng.binomial(views.astype(int), rng.beta(1, 9, users)).astype(float), views

    naive = delta = 0
    for _ in range(400):
        first, second = arm(500), arm(500)
        naive += analyse.naive_ratio(first, second).p < 0.05
        delta += analyse.ratio_metric(first, second).p < 0.05
    print(
        f"\nclicks per view, 400 A/A tests: views as users {naive / 400:.1%}, delta {delta / 400:.1%}"
    )
    print("why: users were assigned, so users are counted, and not their views")


@example("virtual_vs_concept")
def virtual_vs_concept() -> None:
    """Input that moves without harm, harm without input that moves, and what the monitor says."""
    trained = Run("boosting").execute(data.make_churn(4_000, 5))
    reference = data.make_churn(3_000, 6).features
    monitor = Monitor(trained.contract, reference, trained.metrics["accuracy"])
    print(f"{'what changed':13}{'drifted columns':24}{'accuracy':>9}  verdict")
    for window, kind in enumerate(("none", "covariate", "concept", "missingness", "unit_change")):
        churn = data.make_churn(1_000, 20 + window, data.DriftScenario(kind))
        predicted = (trained.predict(churn.features) >= 0.5).astype(int)
        ids = [f"{kind}-{number}" for number in range(1_000)]
        monitor.predictions(window, churn.features, ids, predicted)
        monitor.labels(dict(zip(ids, churn.target, strict=True)))
        seen = monitor.judge(window)
        columns = ", ".join(seen.drifted) or "-"
        print(f"{kind:13}{columns:24}{seen.accuracy:>9.2f}  {seen.verdict.value}")

    columns = ["tenure_months", "monthly_spend"]
    turned = data.make_churn(2_000, 9, data.DriftScenario("correlation")).frame[columns].dropna()
    usual = data.make_churn(2_000, 8).frame[columns].dropna()
    marginal = batch.feature_drift(usual, turned)
    print(f"\na correlation that turns: smallest p of a column {min(marginal.p.values()):.2f}")
    for name in batch.CLASSIFIERS:
        found = batch.classifier_drift(usual.to_numpy(), turned.to_numpy(), model=name)
        print(f"  told apart by a {name} classifier: AUC {found.auc:.2f}")


if __name__ == "__main__":
    main()
