"""Customers with a known truth, and the contract that their columns keep."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from velvet_ml import data
from velvet_ml.contracts import Contract, Field, check, float32_unsafe, infer
from velvet_ml.errors import DataContractError

CHURN = data.make_churn(2_000, 1)


def test_no_model_is_better_than_the_truth() -> None:
    assert 0.6 < CHURN.bayes_accuracy < 0.8
    best = (CHURN.probability >= 0.5) == CHURN.target
    assert abs(best.mean() - CHURN.bayes_accuracy) < 0.04
    assert 0.3 < CHURN.target.mean() < 0.7


def test_a_seed_gives_the_same_customers() -> None:
    again = data.make_churn(2_000, 1)
    pd.testing.assert_frame_equal(again.frame, CHURN.frame)
    assert not data.make_churn(2_000, 2).features.equals(CHURN.features)


@pytest.mark.parametrize(
    ("kind", "column", "low", "high"),
    [
        ("covariate", "site_visits", 30.0, 35.0),
        ("unit_change", "monthly_spend", 4_000.0, 8_000.0),
        ("none", "monthly_spend", 55.0, 65.0),
    ],
)
def test_a_drift_moves_its_column(kind: data.Kind, column: str, low: float, high: float) -> None:
    moved = data.make_churn(2_000, 3, data.DriftScenario(kind)).features
    assert low < moved[column].mean() < high


def test_drift_of_the_concept_the_labels_and_the_gaps() -> None:
    concept = data.make_churn(2_000, 1, data.DriftScenario("concept"))
    pd.testing.assert_frame_equal(concept.features, CHURN.features)
    assert np.corrcoef(concept.probability, CHURN.probability)[0, 1] < -0.9
    prior = data.make_churn(2_000, 1, data.DriftScenario("prior"))
    assert prior.target.mean() > CHURN.target.mean() + 0.1
    gaps = data.make_churn(2_000, 1, data.DriftScenario("missingness"))
    assert gaps.frame["monthly_spend"].isna().mean() > 0.4


def test_a_correlation_turns_and_the_columns_stay() -> None:
    turned = data.make_churn(2_000, 5, data.DriftScenario("correlation")).features
    pair = ["tenure_months", "monthly_spend"]
    assert CHURN.features[pair].corr().iloc[0, 1] > 0.5
    assert turned[pair].corr().iloc[0, 1] < -0.5
    assert abs(turned["monthly_spend"].std() - CHURN.features["monthly_spend"].std()) < 2


def test_a_contract_is_inferred_and_kept_as_json() -> None:
    contract = infer(CHURN.features)
    assert contract.names == list(data.FEATURES)
    assert contract.categories == ["plan", "region"]
    assert contract.fields[1].nullable
    assert not contract.fields[0].nullable
    assert Contract.from_json(contract.to_json()) == contract
    names = [list(row) for row in json.loads(contract.to_json())]
    assert names == [sorted(row) for row in names], "equal contracts have equal hashes"
    assert len(contract.sha256) == 64
    wider = infer(CHURN.features, slack=0.6)
    assert wider.sha256 != contract.sha256


def test_rows_that_break_a_rule_are_refused_or_set_aside() -> None:
    contract = infer(CHURN.features)
    bad = CHURN.features.head(10).copy()
    bad.loc[0, "monthly_spend"] = 6_000.0
    bad.loc[1, "tenure_months"] = np.nan
    bad.loc[2, "support_calls"] = -99.0
    bad.loc[3, "site_visits"] = np.inf
    bad.loc[4, "plan"] = "gold"
    with pytest.raises(DataContractError, match="monthly_spend is above") as caught:
        check(bad, contract)
    assert len(caught.value.violations) == 4
    before = bad.copy()
    told = check(bad, contract, mode="quarantine")
    assert list(told.quarantined.index) == [0, 1, 2, 3]
    assert len(told.ok) == 6
    assert told.unseen == {"plan": 1}
    pd.testing.assert_frame_equal(bad, before)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (CHURN.features.drop(columns="plan"), "column plan is missing"),
        (CHURN.features.assign(tenure_months="x"), "tenure_months holds"),
    ],
)
def test_another_shape_is_refused_in_both_modes(frame: pd.DataFrame, message: str) -> None:
    for mode in ("raise", "quarantine"):
        with pytest.raises(DataContractError, match=message):
            check(frame, infer(CHURN.features), mode=mode)  # type: ignore[arg-type]


def test_what_is_no_contract_is_refused() -> None:
    with pytest.raises(DataContractError, match="signed_up is neither"):
        infer(CHURN.frame)
    with pytest.raises(ValueError, match="names of their own"):
        Contract(())
    with pytest.raises(ValueError, match="names of their own"):
        Contract((Field("a", "number"), Field("a", "number")))


def test_a_concept_that_is_turned_round_turns_every_probability() -> None:
    one, other = (
        data.make_churn(200, 1, drift=data.DriftScenario("concept", much)) for much in (0, 1)
    )

    np.testing.assert_allclose(one.probability + other.probability, 1)
    np.testing.assert_array_equal(one.probability, data.make_churn(200, 1).probability)


def test_customers_sign_up_hour_by_hour_and_owe_no_time() -> None:
    frame = data.make_churn(20_000, 1).frame

    assert list(frame.columns[:2]) == ["customer_id", "signed_up"]
    assert (frame["signed_up"].diff().dropna() == pd.Timedelta(hours=1)).all()
    assert frame["tenure_months"].min() == 0
    assert frame["monthly_spend"].min() >= 1


def test_one_row_is_judged_as_a_frame_is() -> None:
    contract = infer(CHURN.features)
    row = {**CHURN.features.iloc[0].to_dict(), "monthly_spend": None}
    assert contract.row_problems(row) == {}
    assert contract.unseen({**row, "region": "moon"}) == ["region"]
    broken = {**row, "tenure_months": None, "support_calls": 99.0, "site_visits": -999.0}
    assert set(contract.row_problems(broken)) == {"tenure_months", "support_calls", "site_visits"}
    ready = contract.prepare_row(row)
    assert np.isnan(ready["monthly_spend"])
    assert ready["plan"] == row["plan"]


def test_a_gap_is_a_gap_in_a_row_and_a_range_has_ends() -> None:
    row = CHURN.features.iloc[0].to_dict()
    strange = {**row, "tenure_months": float("nan"), "support_calls": float("inf")}
    assert infer(CHURN.features).row_problems(strange) == {
        "tenure_months": "is missing",
        "support_calls": "is infinite",
    }
    with pytest.raises(ValueError, match="of a is nan"):
        Field("a", "number", low=float("nan"))
    for empty in (CHURN.features.head(0), CHURN.features.assign(site_visits=np.inf)):
        with pytest.raises(DataContractError, match="site_visits has no finite numbers"):
            infer(empty)
    with pytest.raises(ValueError, match="'rise' is neither raise"):
        check(CHURN.features, infer(CHURN.features), mode="rise")  # type: ignore[arg-type]


def test_a_column_that_float32_would_damage_is_centred() -> None:
    frame = CHURN.features.assign(tenure_months=CHURN.features["tenure_months"] + 1e7, flat=3.0)
    assert float32_unsafe(frame) == ["tenure_months"]
    contract = infer(frame)
    ready = contract.prepare(frame)
    assert abs(ready["tenure_months"].mean()) < 1e-3
    assert float32_unsafe(ready) == []
    assert frame["tenure_months"].iloc[0] > 1e6
