"""The adapter with a client of MLflow itself, on a store in a folder; no server."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from velvet_ml.errors import IntegrityError
from velvet_ml.mlflow_registry import MlflowRegistry
from velvet_ml.samples.demo import Demo


def test_a_real_client_holds_versions_aliases_and_hashes(
    shop: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", minversion="3", reason='pip install "mlflow-skinny>=3"')
    for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_ALLOW_FILE_STORE"):
        monkeypatch.setenv(name, "true")
    store = (tmp_path / "mlflow").as_uri()
    client = mlflow.MlflowClient(tracking_uri=store, registry_uri=store)
    source = (shop.registry.root / "blobs").as_uri()
    manifest, there = shop.registry.manifest("churn", 2), MlflowRegistry(client)
    for number in range(101):  # more than MLflow returns in one answer
        client.create_registered_model(f"a-{number:03d}")

    assert [there.register(manifest, source) for _ in range(2)] == [1, 2]
    assert there.version_of("churn", "production") is None
    there.promote("churn", 2, "production")
    there.promote("churn", 1, "production")

    again = MlflowRegistry(client)
    assert again.version_of("churn", "production") == 1
    again.check(manifest, 2)
    with pytest.raises(IntegrityError, match="MLflow: sha256"):
        again.check(dataclasses.replace(manifest, sha256="0" * 64), 1)
