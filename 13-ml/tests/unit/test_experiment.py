"""Statistics against tables and formulas, and error rates inside their binomial limits."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from velvet_ml.errors import ExperimentClosed, NotEnoughData, SampleRatioMismatch
from velvet_ml.experiment import analyse, design, sequential

SIMS, NAN = 2_000, float("nan")


def limits(p: float, n: int = SIMS) -> tuple[float, float]:
    """The binomial limits that a true share p leaves once in a thousand."""
    low, high = stats.binom.ppf((0.0005, 0.9995), n, p) / n
    return float(low), float(high)


@pytest.fixture(scope="module")
def no_lift() -> sequential.Paths:
    return sequential.paths(SIMS, per_arm=10_000, base=0.1, lift=0.0, seed=11)


@pytest.mark.parametrize(
    ("rule", "false"),
    [
        ("fixed", 0.05),
        ("pocock", 0.05),
        ("obrien_fleming", 0.05),
        ("peek_5", 0.142),
        ("peek_100", 0.374),
    ],
)
def test_false_positives_are_what_the_theory_says(
    rule: str, false: float, no_lift: sequential.Paths
) -> None:
    low, high = limits(false)
    assert low <= sequential.judge(sequential.RULES[rule], no_lift).share <= high


def test_the_always_valid_test_stays_below_its_level(no_lift: sequential.Paths) -> None:
    rule = sequential.MSPRT()
    assert sequential.judge(rule, no_lift).share <= limits(0.05)[1]
    low, high = rule.interval(no_lift.a, no_lift.b, no_lift.n[None, :])
    covered = ((low <= 0) & (high >= 0)).all(axis=1).mean()
    assert covered >= limits(0.95)[0]
    p = rule.p(no_lift.a, no_lift.b, no_lift.n[None, :]).min(axis=1)
    assert (p < 0.05).mean() <= limits(0.05)[1]


def test_power_and_its_price() -> None:
    some = sequential.paths(SIMS, per_arm=10_000, base=0.1, lift=0.1, seed=12)
    share = {name: sequential.judge(rule, some).share for name, rule in sequential.RULES.items()}
    assert share["fixed"] > share["obrien_fleming"] - 0.03 > share["pocock"] - 0.03
    assert share["pocock"] > share["msprt"]
    expected = float(stats.norm.sf(1.96 - 0.01 / sqrt((0.1 * 0.9 + 0.11 * 0.89) / 10_000)))
    low, high = limits(expected)
    assert low <= share["fixed"] <= high
    more = sequential.paths(500, per_arm=10_000, base=0.1, lift=0.3, seed=13)
    verdicts = sequential.judge(sequential.RULES["obrien_fleming"], more)
    assert verdicts.mean_users < 6_000
    assert set(verdicts.users[verdicts.stopped < 0]) <= {10_000}


@pytest.mark.parametrize(
    ("looks", "shape", "last"),
    [
        (5, "pocock", 2.413),
        (5, "obrien_fleming", 2.040),
        (2, "pocock", 2.178),
        (1, "pocock", 1.960),
    ],
)
def test_boundaries_are_those_of_the_tables(
    looks: int, shape: sequential.Shape, last: float
) -> None:
    assert sequential.boundaries(looks, shape)[-1] == pytest.approx(last, abs=0.001)


def test_sample_sizes_and_power_fit_each_other() -> None:
    assert design.sample_size(0.20, 0.05) == 1_094
    assert design.sample_size(0.20, 0.05, formula="baseline") == 1_030
    z = 0.05 / sqrt((0.2 * 0.8 + 0.25 * 0.75) / 1_094)
    assert stats.norm.sf(1.96 - z) == pytest.approx(0.8, abs=0.005)


def test_an_assignment_is_even_stable_and_independent_of_others() -> None:
    one = design.Assigner("checkout", {"a": 0.5, "b": 0.3, "c": 0.2})
    arms = [one.arm(f"user-{number}") for number in range(20_000)]
    assert stats.chisquare([arms.count(x) for x in "abc"], [10_000, 6_000, 4_000]).pvalue > 0.001
    other = design.Assigner("search", {"a": 0.5, "b": 0.5})
    table = np.zeros((3, 2))
    for number, arm in enumerate(arms):
        table["abc".index(arm), "ab".index(other.arm(f"user-{number}"))] += 1
    assert stats.chi2_contingency(table).pvalue > 0.001
    assert one.bucket("user-1") == one.bucket("user-1") < design.BUCKETS


def test_a_sample_ratio_that_is_off_stops_an_experiment() -> None:
    assert design.srm_check((10_000, 10_050), (0.5, 0.5)) > 0.5
    with pytest.raises(SampleRatioMismatch, match="repair the assignment") as caught:
        design.require_ratio((9_500, 10_500), (0.5, 0.5))
    assert caught.value.p < 1e-9
    rng = np.random.default_rng(1)
    alarms = sum(
        design.srm_check((int(n), 20_000 - int(n)), (0.5, 0.5)) < design.SRM_ALARM
        for n in rng.binomial(20_000, 0.5, SIMS)
    )
    assert alarms / SIMS <= limits(0.001)[1]


def test_effects_against_their_formulas() -> None:
    effect = analyse.two_proportions((100, 1_000), (130, 1_000))
    error = sqrt(0.1 * 0.9 / 1_000 + 0.13 * 0.87 / 1_000)
    assert effect.difference == pytest.approx(0.03)
    assert effect.p == pytest.approx(2 * stats.norm.sf(0.03 / error))
    assert effect.low < 0.03 < effect.high
    assert analyse.two_proportions((0, 10), (0, 10)).p == 1.0
    assert analyse.two_proportions((0, 10), (10, 10)).p == 0.0
    rng = np.random.default_rng(2)
    a, b = rng.normal(0, 1, 300), rng.normal(0.2, 2, 500)
    ours, welch = analyse.mean_difference(a, b), stats.ttest_ind(b, a, equal_var=False)
    assert ours.p == pytest.approx(welch.pvalue, abs=0.01)


@pytest.mark.parametrize("r", [0.0, 0.5, 0.9])
def test_cuped_leaves_what_the_past_does_not_explain(r: float) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal(20_000)
    y = r * x + sqrt(1 - r * r) * rng.standard_normal(20_000)
    adjusted = analyse.cuped(y, x)
    assert adjusted.mean() == pytest.approx(y.mean())
    assert adjusted.var() / y.var() == pytest.approx(1 - r * r, abs=0.03)
    assert (analyse.cuped(y, np.ones_like(x)) == y).all()


def test_views_are_not_users() -> None:
    rng = np.random.default_rng(4)

    def arm() -> tuple[np.ndarray, np.ndarray]:
        views = rng.geometric(0.1, 300)
        return rng.binomial(views, rng.beta(1, 9, 300)).astype(float), views.astype(float)

    tests = [(arm(), arm()) for _ in range(600)]
    naive = np.mean([analyse.naive_ratio(*one).p < 0.05 for one in tests])
    delta = np.mean([analyse.ratio_metric(*one).p < 0.05 for one in tests])
    assert naive > limits(0.05, 600)[1]
    assert delta <= limits(0.06, 600)[1]


def test_corrections_by_hand() -> None:
    p = [0.01, 0.04, 0.03, 0.5]
    assert analyse.bonferroni(p) == [0.04, 0.16, 0.12, 1.0]
    adjusted = analyse.benjamini_hochberg(p)
    assert adjusted == pytest.approx(list(stats.false_discovery_control(p)))


def test_an_experiment_is_decided_once() -> None:
    one = sequential.Experiment(sequential.RULES["obrien_fleming"])
    assert not one.update(2_000, 200, 205, arms=(2_000, 2_010)).stop
    told = one.update(4_000, 400, 560)
    assert told.stop
    assert told.difference == pytest.approx(0.04)
    with pytest.raises(ExperimentClosed, match="decided at look 2"):
        one.update(6_000, 600, 800)
    used = sequential.Experiment(sequential.Fixed())
    assert not used.update(100, 10, 11).stop
    with pytest.raises(ExperimentClosed, match="decided at look 1"):
        used.update(200, 20, 21)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: design.sample_size(0.2, 0.0),
        lambda: design.sample_size(0.2, 0.8),
        lambda: design.sample_size(0.2, -0.2),
        lambda: design.sample_size(0.0, 0.1),
        lambda: design.sample_size(1.0, -0.1),
        lambda: design.sample_size(0.2, 0.1, alpha=0),
        lambda: design.sample_size(0.2, 0.1, alpha=1),
        lambda: design.sample_size(0.2, 0.1, power=0),
        lambda: design.sample_size(0.2, 0.1, power=1),
        lambda: design.Assigner("x", {"a": 0.5}),
        lambda: design.Assigner("x", {}),
        lambda: design.srm_check((1, 2, 3), (0.5, 0.5)),
        lambda: design.srm_check((0, 100), (0.5, 0.5)),
        lambda: analyse.two_proportions((11, 10), (1, 10)),
        lambda: analyse.two_proportions((0, 0), (1, 10)),
        lambda: sequential.boundaries(0, "pocock"),
        lambda: sequential.paths(10, per_arm=50, base=0.1, lift=0, seed=0),
        lambda: sequential.paths(10, per_arm=500, base=0.6, lift=1, seed=0),
        lambda: sequential.Experiment(sequential.Fixed()).update(10, 11, 3),
        lambda: sequential.Experiment(sequential.Fixed()).update(10, NAN, 3),  # type: ignore[arg-type]
        lambda: sequential.Fixed(alpha=NAN),
        lambda: sequential.MSPRT(tau=NAN),
        lambda: sequential.GroupSequential(shape="pockock"),  # type: ignore[arg-type]
        lambda: design.srm_check((50, NAN), (0.5, 0.5)),  # type: ignore[arg-type]
        lambda: design.Assigner("x", {"a": NAN, "b": 0.5}),
        lambda: sequential.judge(
            sequential.Peeking(looks=7), sequential.paths(2, per_arm=100, base=0.1, lift=0, seed=0)
        ),
    ],
)
def test_what_makes_no_sense_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        bad()  # type: ignore[operator]


def test_too_few_users_are_refused() -> None:
    one, none = np.ones(1), np.zeros(5)
    with pytest.raises(NotEnoughData):
        analyse.mean_difference(one, one)
    with pytest.raises(NotEnoughData):
        analyse.cuped(one, one)
    with pytest.raises(NotEnoughData):
        analyse.ratio_metric((none, none), (none, none))


def test_arms_that_are_not_even_end_no_look() -> None:
    one = sequential.Experiment(sequential.MSPRT())
    with pytest.raises(SampleRatioMismatch):
        one.update(1_000, 100, 110, arms=(1_000, 1_500))
    assert one.update(1_000, 100, 110, arms=(1_000, 1_001)).look == 1


def test_counts_that_shrink_are_refused() -> None:
    one = sequential.Experiment(sequential.MSPRT())
    one.update(100, 10, 11)
    with pytest.raises(ValueError, match="counts grow"):
        one.update(200, 9, 20)
