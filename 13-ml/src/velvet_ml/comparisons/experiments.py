"""Did B beat A: stopping rules, CUPED, sample ratio, ratio metrics; 2,000 simulations each."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import sqrt
from typing import Any

import numpy as np

from velvet.bench import Estimate, Metric, Suite, mode, value
from velvet_ml.experiment import analyse, design, sequential

SIMULATIONS, PER_ARM, BASE = 2_000, 10_000, 0.1
Z_999 = 3.2905  # two-sided 99.9 %


def share(hits: float, of: int) -> Estimate:
    """Return a share in percent with its 99.9 % interval (Wilson)."""
    p, z2 = hits / of, Z_999**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    reach = Z_999 * sqrt(p * (1 - p) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Estimate(100 * p, 100 * max(0.0, middle - reach), 100 * min(1.0, middle + reach), of)


@lru_cache(maxsize=3)
def _paths(lift: float) -> sequential.Paths:
    return sequential.paths(SIMULATIONS, per_arm=PER_ARM, base=BASE, lift=lift, seed=11)


def _rule(name: str, lift: float) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        verdicts = sequential.judge(sequential.RULES[name], _paths(lift))
        hits = int((verdicts.stopped >= 0).sum())
        return {"stopped": share(hits, SIMULATIONS), "users": verdicts.mean_users}

    return run


def _cuped(name: str, correlation: float) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        rng, left = np.random.default_rng(5), []
        for _ in range(400):
            x = rng.standard_normal(1_000)
            y = correlation * x + sqrt(1 - correlation**2) * rng.standard_normal(1_000)
            adjusted = analyse.cuped(y, x) if name == "cuped" else y
            left.append(adjusted.var() / y.var())
        return {"left": float(np.mean(left)) * 100}

    return run


def _srm(split: float) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        first = np.random.default_rng(6).binomial(20_000, split, SIMULATIONS)
        alarms = [
            design.srm_check((int(one), 20_000 - int(one)), (0.5, 0.5)) < design.SRM_ALARM
            for one in first
        ]
        return {"alarms": share(sum(alarms), SIMULATIONS)}

    return run


def _arm(rng: np.random.Generator, users: int) -> tuple[Any, Any]:
    views = rng.geometric(0.1, users)
    return rng.binomial(views, rng.beta(1, 9, users)).astype(float), views.astype(float)


def _ratio(test: str) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        rng, judged = np.random.default_rng(7), getattr(analyse, test)
        hits = sum(judged(_arm(rng, 500), _arm(rng, 500)).p < 0.05 for _ in range(SIMULATIONS))
        return {"false": share(hits, SIMULATIONS)}

    return run


def _add_rules(suite: Suite) -> None:
    for bench, lifts, what in (
        ("stopping_rules", [0.0], "without an effect, stopped for one"),
        ("stopping_power", [0.1, 0.2], "with an effect, stopped for it"),
    ):
        rules = suite.comparison(
            bench,
            title=f"2,000 experiments, 10,000 users an arm: {what}",
            kind="value",
            unit="%",
            sizes={"lift": lifts},
            metrics={
                "stopped": Metric("%", "higher" if all(lifts) else "lower"),
                "users": "users",
            },
        )
        for name in sequential.RULES:
            rules.add(name, partial(_rule, name), note=NOTES[name])

    def false(name: str) -> Any:
        return value("stopping_rules", name, "stopped", lift=0.0)

    suite.claim("a hundred peeks: at least 25 % false positives", false("peek_100") >= 25)
    suite.claim("five peeks: at least 10 % false positives", false("peek_5") >= 10)
    for name in ("fixed", "pocock", "obrien_fleming"):
        suite.claim(f"{name}: 5 % false positives, to 2.5 points", false(name).between(2.5, 7.5))
    suite.claim("mSPRT: at most 5 % false positives", false("msprt") <= 5)
    suite.claim(
        "at +10 % mSPRT has half of the power of the fixed test, to a quarter",
        value("stopping_power", "msprt", "stopped", lift=0.1).between(20, 50)
        & (value("stopping_power", "fixed", "stopped", lift=0.1) >= 55),
    )
    suite.claim(
        "at +20 % O'Brien-Fleming and mSPRT need two thirds of the users",
        (value("stopping_power", "obrien_fleming", "users", lift=0.2) <= 6_700)
        & (value("stopping_power", "msprt", "users", lift=0.2) <= 6_700),
    )


NOTES = {
    "fixed": "one look",
    "peek_100": "the usual bar at 100 looks",
    "peek_5": "the usual bar at 5 looks",
    "pocock": "5 planned looks",
    "obrien_fleming": "5 planned looks",
    "msprt": "valid at every look",
}


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_rules(suite)
    cuped = suite.comparison(
        "cuped",
        title="Variance that is left when the past is taken out",
        kind="value",
        unit="%",
        sizes={"correlation": [0.0, 0.3, 0.5, 0.7, 0.9]},
        quick=lambda correlation: correlation in (0.3, 0.9),
        metrics={"left": "%"},
    )
    cuped.add("plain", partial(_cuped, "plain"))
    cuped.add("cuped", partial(_cuped, "cuped"))
    for correlation in (0.3, 0.5, 0.7, 0.9):
        left = 100 * (1 - correlation**2)
        suite.claim(
            f"CUPED, correlation {correlation}: the variance falls to 1 - r squared, to 3 points",
            value("cuped", "cuped", correlation=correlation).between(left - 3, left + 3),
            tier="quick" if correlation in (0.3, 0.9) else "default",
        )
    srm = suite.comparison(
        "sample_ratio",
        title="Alarms of the sample ratio check at 20,000 users",
        kind="value",
        unit="%",
        metrics={"alarms": Metric("%")},
    )
    for name, split in (("split_50", 0.5), ("split_50.5", 0.505), ("split_51", 0.51)):
        srm.add(name, partial(_srm, split))
    suite.claim(
        "the sample ratio check cries at most 10 times in 1,000 even splits",
        value("sample_ratio", "split_50") <= 1,
    )
    suite.claim(
        "a split of 51 to 49 is found at least one time in six",
        value("sample_ratio", "split_51") >= 16,
    )
    ratio = suite.comparison(
        "ratio_metric",
        title="Clicks per view, 2,000 A/A tests at 5 %: false positives",
        kind="value",
        unit="%",
        metrics={"false": Metric("%")},
        limit=200 if mode() != "quick" else 120,
    )
    ratio.add("naive", lambda: _ratio("naive_ratio"), note="each view counted as a user")
    ratio.add("delta", lambda: _ratio("ratio_metric"), note="users counted")
    suite.claim("views as users: at least 7.5 % false", value("ratio_metric", "naive") >= 7.5)
    suite.claim("delta: 5 % false, to 3 points", value("ratio_metric", "delta").between(2, 8))
