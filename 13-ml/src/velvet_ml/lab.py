"""Experiments on this module's own promises: kills, rounding, a bad model in front of users.

Each is a function that returns what happened; tests, benchmarks, examples and the dashboard run the
same ones.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from velvet_ml import data, parity, train
from velvet_ml.contracts import Contract, infer
from velvet_ml.registry import Registry
from velvet_ml.serving.app import Settings
from velvet_ml.serving.rollout import Canary, Step
from velvet_ml.serving.server import serve, start_load

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows SIGTERM ends at once, too
OFFSET = 1e7


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        tenure_months=frame["tenure_months"].round(), monthly_spend=frame["monthly_spend"].round(1)
    )


def _shifted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(tenure_months=frame["tenure_months"] + OFFSET)


SHAPES: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "plain": lambda frame: frame,
    "rounded": _rounded,
    "shifted": _shifted,
}
# name -> (model, steps for its numbers)
EXPORTS: Mapping[str, tuple[str, Callable[[], Any]]] = {
    "logreg": ("logreg", train.scaled),
    "forest": ("forest", train.imputed),
    "boosting": ("boosting", lambda: "passthrough"),
    "scaled_forest": ("forest", train.scaled),
    "scaled_boosting": ("boosting", train.scaled),
}


def exported(
    name: str, shape: str, *, centre: bool = False, rows: int = 20_000, trees: int = 30
) -> parity.ParityReport:
    """Train one of `EXPORTS` on data of one shape, export it, and compare on rows that are new."""
    model, numbers = EXPORTS[name]
    churn, fresh = data.make_churn(4_000, 1), SHAPES[shape](data.make_churn(rows, 2).features)
    frame = SHAPES[shape](churn.features)
    contract: Contract = infer(frame, centre=centre)
    estimator = train.MODELS[model](0)
    if model == "forest":
        estimator.set_params(n_estimators=trees)
    pipeline = train.build_pipeline(contract, numbers(), estimator)
    pipeline.fit(contract.prepare(frame), churn.target)
    return parity.compare(pipeline, parity.to_graph(pipeline, contract), fresh, contract)


@dataclass(frozen=True)
class WriterLeft:
    """What a killed writer left: versions it had acknowledged, those found, and what is wrong."""

    acknowledged: int
    found: int
    problems: tuple[str, ...]
    collected: int


def kill_writer(folder: Path, name: str, key: bytes, after: int) -> WriterLeft:
    """Kill a program that registers and promotes, after so many acknowledgements."""
    command = [sys.executable, "-m", "velvet_ml.samples.victim", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(after)]
        process.send_signal(KILL)
        told += process.stdout.read().splitlines(keepends=True)
    acknowledged = [int(line) for line in told if line.strip().isdigit()]
    registry = Registry(folder, key)
    problems = list(registry.verify())
    if acknowledged and (registry.version_of(name, "production") or 0) < acknowledged[-1]:
        problems.append(f"version {acknowledged[-1]} was acknowledged and is not in production")
    collected = registry.collect_garbage()
    problems += registry.verify()
    found = set(registry.versions(name))
    problems += [f"version {one} is lost" for one in acknowledged if one not in found]
    return WriterLeft(len(acknowledged), len(found), tuple(problems), collected)


@dataclass(frozen=True)
class WorkerLeft:
    """What became of a load while a worker was killed."""

    acknowledged: int
    lost: int
    failed: int
    retries: int
    killed: int


def kill_worker(
    settings: Settings, rows: list[dict[str, Any]], *, requests: int = 600, kills: int = 1
) -> WorkerLeft:
    """Kill workers of a running service under a load from another process.

    An acknowledged request is lost when its id is not in the prediction log.
    """
    killed = 0
    with serve(settings, workers=2) as server:
        load = start_load(server.port, rows, requests=requests, concurrency=8)
        load.wait_for_first()
        while killed < kills:
            # The connection may reach the worker that was killed a moment ago.
            with suppress(OSError, http.client.HTTPException):
                os.kill(server.get("/model")["worker"], KILL)
                killed += 1
        seen = load.wait()
    logged = Path(settings.log).read_text(encoding="utf-8").splitlines()
    written = {json.loads(line)["id"] for line in logged if line.endswith("}")}
    lost = sum(one not in written for one in seen.acknowledged)
    return WorkerLeft(len(seen.acknowledged), lost, seen.failed, seen.retries, killed)


@dataclass(frozen=True)
class RollOut:
    """What users saw of a roll-out."""

    requests: int
    harmed: int
    rolled_back: bool
    timeline: tuple[Step, ...]


def roll_out(
    errors: float,
    *,
    slow: float = 0.0,
    steps: tuple[int, ...] = (1, 5, 25, 50, 100),
    requests: int = 20_000,
    users: int = 5_000,
    seed: int = 0,
) -> RollOut:
    """Send simulated users through a canary whose candidate fails more often, or is slow.

    The stable model fails once in a hundred and needs 10 ms on average. `harmed` counts failed or
    slow answers of the candidate.
    """
    rng = np.random.default_rng(seed)
    canary, harmed = Canary(steps), 0
    draws = zip(
        rng.integers(0, users, requests),
        rng.random(requests),
        rng.random(requests),
        rng.exponential(10, requests),
        strict=True,
    )
    for user, luck, pace, ms in draws:
        variant = canary.route(f"user-{user}")
        new = variant == "candidate"
        ok = bool(luck > 0.01 + (errors if new else 0.0))
        took = float(ms) + (100.0 if new and pace < slow else 0.0)
        harmed += new and (not ok or took > canary.slow_ms)
        canary.record(variant, ok=ok, ms=took)
    return RollOut(requests, harmed, canary.rolled_back, tuple(canary.timeline))
