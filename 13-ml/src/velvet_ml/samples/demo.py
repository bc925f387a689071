"""A registry with one model in two formats, and rows to predict; made the same each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skops import io as skops_io

from velvet_ml import data, parity
from velvet_ml.registry import Registry
from velvet_ml.serving.app import Settings
from velvet_ml.train import Run, Trained

KEY = b"a key for demonstrations"
NAME = "churn"


@dataclass(frozen=True)
class Demo:
    """A registry whose version 1 is a pipeline (skops) and version 2 its graph (ONNX)."""

    registry: Registry
    trained: Trained
    graph: bytes
    rows: list[dict[str, Any]]

    def settings(self, *, batched: bool = False, log: str = "") -> Settings:
        """Return how to serve what is in production."""
        return Settings(str(self.registry.root), NAME, KEY.hex(), batched=batched, log=log)


def small_run(model: str = "logreg", rows: int = 1_500, seed: int = 7) -> Trained:
    """Return a trained model."""
    return Run(model, seed=seed).execute(data.make_churn(rows, seed))


def make_demo(folder: Path, model: str = "logreg", rows: int = 1_500) -> Demo:
    """Train, export, register both formats, and put the graph into production."""
    trained = small_run(model, rows)
    graph, _ = parity.export(trained.model, trained.contract, trained.held_out)
    registry = Registry(folder, KEY)
    registry.register(NAME, skops_io.dumps(trained.model), trained)
    registry.register(NAME, graph, trained)
    registry.promote(NAME, 2, "production", expect=None)
    few = trained.held_out.head(50).to_json(orient="records")
    return Demo(registry, trained, graph, json.loads(few))
