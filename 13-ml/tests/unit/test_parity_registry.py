"""The gate between a pipeline and its graph, and the registry that keeps both."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import SplineTransformer
from skops import io as skops_io

from velvet_ml import artifacts, data, lab, parity
from velvet_ml.contracts import infer
from velvet_ml.errors import IntegrityError, NotEnoughData, ParityError, StageConflict
from velvet_ml.mlflow_registry import MlflowRegistry
from velvet_ml.registry import Registry, model_card
from velvet_ml.samples import demo
from velvet_ml.samples.demo import Demo
from velvet_ml.train import Run


@pytest.mark.parametrize("model", ["logreg", "forest", "boosting"])
def test_each_family_goes_through_the_gate(model: str) -> None:
    trained = Run(model).execute(data.make_churn(500, 2))
    if model == "forest":
        trained.model[-1].set_params(n_estimators=100)
    graph, report = parity.export(trained.model, trained.contract, trained.held_out)
    assert report.passes
    assert report.max_dp <= 1e-5
    assert report.rows == 125 + 11  # the edges: extremes, a gap, categories never seen
    assert artifacts.check_onnx(graph) == graph
    assert "0 labels flipped" in str(report)


def test_a_shifted_column_is_refused_with_the_remedy() -> None:
    shifted = lab.SHAPES["shifted"](data.make_churn(1_500, 3).features)
    churn = data.Churn(shifted, data.make_churn(1_500, 3).target, np.zeros(1_500))
    careless = Run("boosting", contract=infer(shifted, centre=False)).execute(churn)
    with pytest.raises(ParityError, match=r"centre tenure_months in the contract") as caught:
        parity.export(careless.model, careless.contract, careless.held_out)
    assert caught.value.report.worst_rows
    centred = Run("boosting").execute(churn)
    assert parity.export(centred.model, centred.contract, centred.held_out)[1].flipped == 0


def test_a_scaler_before_trees_costs_rows_on_rounded_data() -> None:
    report = lab.exported("scaled_boosting", "rounded", rows=3_000)
    assert report.share_over > 0.002
    assert lab.exported("boosting", "rounded", rows=3_000).share_over == 0
    assert not report.unsafe


def test_a_refusal_without_a_large_column_names_another_remedy(shop: Demo) -> None:
    other = Run("logreg", seed=1).execute(data.make_churn(400, 9))
    wrong = parity.compare(other.model, shop.graph, other.held_out, shop.trained.contract)
    assert not wrong.passes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "to_graph", lambda *_: shop.graph)
        with pytest.raises(ParityError, match="serve the pipeline itself"):
            parity.export(other.model, other.contract, other.held_out)


def test_what_cannot_be_compared_or_converted_is_refused(shop: Demo) -> None:
    with pytest.raises(NotEnoughData, match="0 rows"):
        parity.compare(
            shop.trained.model, shop.graph, shop.trained.held_out.head(0), shop.trained.contract
        )
    frame = data.make_churn(200, 0).features[["site_visits"]]
    bent = Pipeline([("spline", SplineTransformer()), ("model", LogisticRegression())])
    bent.fit(frame, np.arange(200) % 2)
    with pytest.raises(ValueError, match="no ONNX converter"):
        parity.to_graph(bent, infer(frame))


@pytest.mark.parametrize("threads", [0, -1, float("nan")])
def test_a_session_has_a_number_of_threads_and_never_all_cores(threads: Any, shop: Demo) -> None:
    with pytest.raises(ValueError, match="threads is"):
        parity.open_session(shop.graph, threads)


def test_a_graph_without_an_answer_is_refused(shop: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mute:
        def run(self, _: Any, inputs: dict[str, Any]) -> list[Any]:
            return [np.full((len(next(iter(inputs.values()))), 2), np.nan)]

    monkeypatch.setattr(parity, "open_session", lambda *_: Mute())
    report = parity.compare(
        shop.trained.model, shop.graph, shop.trained.held_out, shop.trained.contract
    )
    assert report.share_over == 1
    assert not report.passes


def test_one_half_is_the_same_label_for_both(shop: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = shop.trained.held_out
    halves = np.full((len(rows), 2), 0.5)
    undecided: Any = SimpleNamespace(predict_proba=lambda _: halves, run=lambda *_: [halves])
    monkeypatch.setattr(parity, "open_session", lambda *_: undecided)
    report = parity.compare(undecided, shop.graph, rows, shop.trained.contract)
    assert (report.max_dp, report.flipped) == (0.0, 0)


def test_skops_gives_the_same_predictions(shop: Demo, tmp_path: Path) -> None:
    (path := tmp_path / "m.skops").write_bytes(skops_io.dumps(shop.trained.model))
    again = artifacts.load(path)
    ready = shop.trained.contract.prepare(shop.trained.held_out)
    assert (again.predict_proba(ready) == shop.trained.model.predict_proba(ready)).all()
    path.write_bytes(shop.graph)
    assert artifacts.load(path) == shop.graph


def test_versions_aliases_and_the_way_back(shop: Demo) -> None:
    registry = shop.registry
    assert registry.versions("churn") == [1, 2]
    assert registry.version_of("churn", "production") == 2
    assert registry.version_of("churn", "canary") is None
    registry.promote("churn", 1, "production", expect=2)
    with pytest.raises(StageConflict, match="at 1 by now, not at 2"):
        registry.promote("churn", 2, "production", expect=2)
    assert registry.rollback("churn") == 2
    manifest, content = registry.read("churn", "production")
    assert (manifest.version, content) == (2, shop.graph)
    assert [(one.old, one.new) for one in registry.state()[1]] == [(None, 2), (2, 1), (1, 2)]
    assert registry.verify() == []
    with pytest.raises(LookupError, match="nothing to go back to"):
        registry.rollback("churn", "staging")


def test_the_same_file_is_kept_once(shop: Demo) -> None:
    before = len(list(shop.registry.root.glob("blobs/*/*")))
    manifest = shop.registry.register("churn", shop.graph, shop.trained)
    assert manifest.version == 3
    assert len(list(shop.registry.root.glob("blobs/*/*"))) == before


def test_garbage_is_what_no_manifest_names(shop: Demo) -> None:
    root = shop.registry.root
    (root / "blobs" / "00").mkdir()
    (root / "blobs" / "00" / ("0" * 64)).write_bytes(b"orphan")
    (root / "models" / "churn" / "000009.json.ab.tmp").write_bytes(b"half")
    assert shop.registry.collect_garbage() == 2
    assert shop.registry.collect_garbage() == 0
    assert shop.registry.verify() == []


def test_an_edited_log_is_seen(shop: Demo) -> None:
    shop.registry.promote("churn", 1, "canary")
    state = shop.registry.root / "state.json"
    text = state.read_text(encoding="utf-8")
    state.write_text(text.replace('"old": null', '"old": 7', 1), encoding="utf-8")
    assert shop.registry.verify() == ["log: entry 1 does not follow from the one before"]
    moved = text.replace('"churn/canary": 1', '"churn/canary": 2', 1)
    state.write_text(moved, encoding="utf-8")
    assert shop.registry.verify() == ["the aliases are not where the log ends"]


def test_a_card_says_what_the_manifest_says(shop: Demo) -> None:
    manifest = shop.registry.manifest("churn", 2)
    card = model_card(manifest)
    assert card.startswith("# churn, version 2 (")
    assert f"AUC {manifest.metrics['auc']:.3f}" in card
    assert "| plan | category | basic, plus, team |" in card
    assert ", or nothing |" in card


class FakeMlflow:
    """As much of a client of MLflow as the adapter uses."""

    def __init__(self) -> None:
        self.models: dict[str, Any] = {}
        self.tags: list[dict[str, str]] = []

    def search_registered_models(self, filter_string: str) -> list[Any]:
        return [one for name, one in self.models.items() if filter_string == f"name = '{name}'"]

    def create_registered_model(self, name: str) -> None:
        self.models[name] = SimpleNamespace(name=name, aliases={})

    def create_model_version(self, name: str, source: str, *, tags: dict[str, str]) -> Any:
        self.tags.append(tags)
        return SimpleNamespace(version=str(len(self.tags)))

    def get_model_version(self, name: str, version: str) -> Any:
        return SimpleNamespace(tags=self.tags[int(version) - 1])

    def get_registered_model(self, name: str) -> Any:
        return self.models[name]

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.models[name].aliases[alias] = version


def test_mlflow_holds_the_same_aliases(shop: Demo) -> None:
    manifest, there = shop.registry.manifest("churn", 2), MlflowRegistry(FakeMlflow())
    assert [there.register(manifest, "file:///models/churn") for _ in range(2)] == [1, 2]
    assert there.version_of("churn", "production") is None
    there.promote("churn", 2, "production")
    assert there.version_of("churn", "production") == 2
    there.check(manifest, 2)
    for other in ({"sha256": "0" * 64}, {"signature": "0" * 64}):
        with pytest.raises(IntegrityError, match=f"MLflow: {next(iter(other))}"):
            there.check(dataclasses.replace(manifest, **other), 2)
    with pytest.raises(ValueError, match="'prod' is none of"):
        there.promote("churn", 2, "prod")


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the key has 5 bytes"):
        Registry(tmp_path, b"short")
    assert len(demo.KEY) >= 16
