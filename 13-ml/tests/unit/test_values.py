"""What was inferred, measured or decided stays what it was; a file has a name when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_ml import atomic, contracts, data, leakage, monitor, parity
from velvet_ml.drift import batch, evaluate, stream
from velvet_ml.experiment import analyse, design, sequential
from velvet_ml.samples.demo import NAME, Demo
from velvet_ml.serving.rollout import Canary

CHURN = data.make_churn(120, 1)
FRAME = CHURN.features
CONTRACT = contracts.infer(FRAME)
NOISE = np.random.default_rng(1).standard_normal((60, 2))
RULE = sequential.Peeking(looks=9)


def paths() -> sequential.Paths:
    return sequential.paths(1, per_arm=9, base=0.1, lift=0, seed=1, steps=9)


def report() -> monitor.Report:
    watch = monitor.Monitor(CONTRACT, FRAME, 0.5)
    watch.predictions(0, FRAME, [*map(str, FRAME.index)], [1] * len(FRAME))
    return watch.judge(0)


VALUES: list[Callable[[Demo], Any]] = [
    lambda shop: contracts.Contract(CONTRACT.fields),
    lambda shop: contracts.infer(FRAME).fields[0],
    lambda shop: contracts.check(FRAME, CONTRACT, mode="quarantine"),
    lambda shop: data.make_churn(9, 1),
    lambda shop: data.DriftScenario("concept"),
    lambda shop: leakage.group_leak(),
    lambda shop: report(),
    lambda shop: parity.compare(
        shop.trained.model, shop.graph, shop.trained.held_out, shop.trained.contract
    ),
    lambda shop: batch.feature_drift(FRAME, FRAME),
    lambda shop: batch.classifier_drift(NOISE, NOISE, model="linear"),
    lambda shop: evaluate.delay(lambda: stream.Cusum(9), 0.1, rounds=1, seed=1, after=2, within=4),
    lambda shop: analyse.two_proportions((0, 1), (1, 1)),
    lambda shop: design.Assigner("x", {"a": 1.0}),
    lambda shop: sequential.Fixed(),
    lambda shop: sequential.Peeking(looks=2),
    lambda shop: sequential.GroupSequential(shape="pocock"),
    lambda shop: sequential.MSPRT(),
    lambda shop: paths(),
    lambda shop: sequential.judge(RULE, paths()),
    lambda shop: sequential.Experiment(RULE).update(1, 0, 1),
    lambda shop: shop.registry.state()[1][0],
    lambda shop: shop.registry.manifest(NAME, 1),
    lambda shop: Canary().timeline[0],
    lambda shop: shop.settings(),
    lambda shop: shop.trained,
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[Demo], Any], shop: Demo) -> None:
    value = make(shop)

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, seen = tmp_path / "new" / "file", []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(target.exists()))

    atomic.atomic_write(target, b"whole")
    atomic.atomic_write(target, b"anew")

    assert seen == [False, True]
    assert target.read_bytes() == b"anew"
    assert [*target.parent.iterdir()] == [target]
