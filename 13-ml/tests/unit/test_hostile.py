"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, helper

from velvet.hostile import Call, Fixed, HostileTests, call
from velvet_ml import (
    artifacts,
    atomic,
    contracts,
    data,
    leakage,
    monitor,
    parity,
    registry,
    train,
)
from velvet_ml.drift import batch, evaluate, stream
from velvet_ml.errors import MlError, in_range
from velvet_ml.experiment import analyse, design, sequential
from velvet_ml.samples.demo import KEY
from velvet_ml.serving import app, engine, rollout

RNG = np.random.default_rng(1)
GRAPH = helper.make_model(
    helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    ),
    opset_imports=[helper.make_opsetid("", 18)],
    ir_version=8,
).SerializeToString()
SAMPLE = list(np.linspace(0.0, 1.0, 40))
FRAME = pd.DataFrame({"n": SAMPLE, "c": list("ab") * 20})
CONTRACT = contracts.infer(FRAME)
COIN = np.arange(40) % 2
ARMS = Fixed(np.array([10.0, 20.0])), Fixed(np.array([12.0, 40.0]))
MISSING = "what is missing is known to be missing"


def arrays(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    """Declare a function of arrays: the lists of the call become arrays."""

    def run(*given: Any, **words: Any) -> Any:
        return function(*(np.array(x) if isinstance(x, list) else x for x in given), **words)

    return call(run, *args, **kwargs).but(of=(function,))


def written(content: bytes) -> bytes:
    """Write a file and read it."""
    with TemporaryDirectory() as folder:
        atomic.atomic_write(path := Path(folder, "file"), content)
        return path.read_bytes()


@contextmanager
def opened(key: bytes = KEY) -> Any:
    """Open a registry in a new folder."""
    with TemporaryDirectory() as folder:
        yield registry.Registry(Path(folder), key)


def kept(key: bytes, name: str, version: int, alias: str) -> Any:
    """Ask a registry for everything that it has not."""
    with opened(key) as one:
        found = [one.versions(name), one.version_of(name, alias)]
        for ask in (
            lambda: one.manifest(name, version),
            lambda: one.promote(name, version, alias, expect=None),
            lambda: one.rollback(name, alias),
        ):
            try:
                found.append(ask())
            except LookupError as error:
                found.append(type(error))
        return found


def logged(id: str, probability: float, version: int) -> str:
    """Write one line of a prediction log."""
    with TemporaryDirectory() as folder:
        log = app.PredictionLog(str(path := Path(folder, "log")))
        try:
            log.append(id, probability, version)
        finally:
            log.close()
        return path.read_text(encoding="utf-8")


def batched(predict: Any, max_batch: int, max_wait_ms: float, max_queue: int) -> list[float]:
    """Submit three rows at once."""

    async def run() -> list[float]:
        rules = {"max_batch": max_batch, "max_wait_ms": max_wait_ms, "max_queue": max_queue}
        async with engine.MicroBatcher(predict, **rules) as one:
            return await asyncio.wait_for(asyncio.gather(*map(one.submit, range(3))), 20)

    return asyncio.run(run())


def shaded(max_queue: int, timeout: float, tolerance: float) -> Any:
    """Show three rows to a candidate."""

    async def answer(row: Any) -> float:
        return float(row["x"])

    async def run() -> Any:
        rules = {"max_queue": max_queue, "timeout": timeout, "tolerance": tolerance}
        async with rollout.Shadow(answer, answer, **rules) as one:
            for x in range(3):
                await one.predict({"x": x})
            await one.drained()
            return one.stats

    return asyncio.run(run())


def watched(rules: Any = (), truth: Any = 1, predicted: Sequence[int] = COIN) -> Any:
    """Judge a window."""
    one = (
        monitor.Monitor(CONTRACT, FRAME, *rules) if rules else monitor.Monitor(CONTRACT, FRAME, 0.7)
    )
    one.predictions(0, FRAME, [str(n) for n in range(40)], predicted)
    one.labels({"1": truth})
    return one.judge(0)


class Half:
    """A model that says a half."""

    def predict(self, rows: Sequence[Any]) -> list[float]:
        return [0.5] * len(rows)


class TestHostile(HostileTests):
    errors = (MlError,)
    mutable = {"serving.engine.BatchStats", "serving.rollout.Canary", "serving.rollout.ShadowStats"}
    calls = (
        call(in_range, "n", 0.5, 0.0, 1.0),
        call(artifacts.loads, GRAPH, "name"),
        call(artifacts.check_onnx, GRAPH, "name"),
        call(written, b"a").but(of=(atomic.atomic_write,)),
        call(contracts.Field, "n", "number", False, 0.0, 1.0, ("a",), 0.5),
        call(lambda n, c: [CONTRACT.row_problems({"n": n, "c": c})], 0.5, "a").but(
            of=(contracts.Contract,), nan="a gap, as in a frame"
        ),
        call(lambda n, c: CONTRACT.prepare_row({"n": n, "c": c}), 0.5, "a").but(nan=MISSING),
        call(CONTRACT.unseen, {"c": "a"}),
        call(contracts.Contract.from_json, CONTRACT.to_json()),
        call(contracts.float32_unsafe, Fixed(FRAME), ["n"]).but(errors=(KeyError,)),
        call(contracts.infer, Fixed(FRAME), slack=0.5),
        call(contracts.check, Fixed(FRAME), Fixed(CONTRACT), mode="raise"),
        call(data.DriftScenario, "covariate", 1.0),
        call(data.make_churn, 5, Fixed(1)).but(many=99),
        arrays(batch.psi, SAMPLE, SAMPLE, 10).but(many=99, nan=MISSING),
        arrays(batch.wasserstein, SAMPLE, SAMPLE).but(nan=MISSING),
        arrays(batch.ks_p, SAMPLE, SAMPLE).but(nan=MISSING),
        call(batch.chi_square_p, ["a"] * 30, ["a"] * 30),
        arrays(
            batch.calibrate, lambda *_: 1.0, SAMPLE * 3, 9, alarms=0.01, rng=Fixed(RNG), rounds=3
        ).but(many=99, same=False, nan=MISSING),
        call(batch.feature_drift, Fixed(FRAME), Fixed(FRAME), level=0.01, correction="bh"),
        call(
            batch.classifier_drift,
            *[Fixed(RNG.random((30, 2)))] * 2,
            model="linear",
            folds=Fixed(2),
        ),
        call(evaluate.errors, 5, 0.1, Fixed(RNG)).but(same=False),
        call(evaluate.changing, 5, 3, 0.2, Fixed(RNG), 0.1).but(same=False),
        call(lambda xs: evaluate.first_alarm(stream.Cusum(1.0), xs), [0.5, 1.0, 1.0]).but(
            of=(evaluate.first_alarm,)
        ),
        call(
            evaluate.run_length, lambda: stream.Cusum(1.0), steps=9, rounds=2, seed=1, base=0.1
        ).but(many=99, errors=(AttributeError,)),
        call(evaluate.calibrate, stream.Cusum, 10, seed=1, low=0.5, high=9.0, rounds=Fixed(1)).but(
            many=99, errors=(AttributeError,)
        ),
        call(
            evaluate.delay, lambda: stream.Cusum(1.0), 0.2, after=3, within=9, rounds=2, seed=1
        ).but(many=99, errors=(AttributeError,)),
        call(stream.Cusum, 5.0, target=0.1, slack=0.05).then("update", 1.0),
        call(stream.PageHinkley, 5.0, slack=0.05, warm=30).then("update", 1.0),
        call(stream.Adwin, 0.002, clock=2, per_row=5, smallest=5, grace=10)
        .then("update", 1.0)
        .then("update", 0.5),
        call(analyse.two_proportions, (3, 10), (4, 10)),
        arrays(analyse.mean_difference, [1.0, 2.0], [2.0, 4.0]),
        arrays(analyse.cuped, [1.0, 2.0, 4.0], [1.0, 3.0, 4.0]),
        call(analyse.bonferroni, [0.01, 0.5]),
        call(analyse.benjamini_hochberg, [0.01, 0.5]),
        call(design.sample_size, 0.2, 0.05, alpha=0.05, power=0.8, formula="pooled"),
        call(design.Assigner, "salt", {"a": 1.0}).then("arm", "user"),
        call(lambda share: design.Assigner("salt", {"a": share, "b": 0.5}).arm("u"), 0.5),
        call(design.srm_check, [10, 12], [0.5, 0.5]),
        call(design.require_ratio, [10, 12], [0.5, 0.5]),
        call(sequential.z_scores, *ARMS, 50.0),
        call(sequential.boundaries, Fixed(2), "pocock", 0.05),
        call(sequential.Fixed, 0.05, 1).then("crossed", 1, *ARMS, 50.0),
        call(sequential.GroupSequential, 2, "pocock", 0.05)
        .then("crossed", 1, *ARMS, 50.0)
        .but(many=99),
        call(sequential.MSPRT, 0.02, 100, 0.05)
        .then("crossed", 1, *ARMS, 50.0)
        .then("interval", *ARMS, 50.0)
        .then("p", *ARMS, 50.0),
        call(sequential.paths, 2, per_arm=20, base=0.1, lift=0.1, seed=Fixed(1), steps=10).but(
            many=99
        ),
        call(sequential.Experiment, Fixed(sequential.MSPRT())).then(
            "update", 50, 5, 6, arms=(50, 51)
        ),
        call(lambda n, a, b: sequential.Experiment(sequential.MSPRT()).update(n, a, b), 50, 5, 6),
        call(leakage.group_data, 1, 2, 3).but(many=99, same=False),
        call(
            leakage.permutation_test,
            lambda *_: 0.5,
            Fixed(RNG.random((40, 3))),
            Fixed(COIN),
            rng=Fixed(RNG),
            rounds=2,
        ).but(many=99),
        call(
            lambda groups, time, splits: leakage.audit(
                lambda *_: 0.5,
                RNG.random((40, 1)),
                COIN,
                splits,
                rng=RNG,
                groups=groups,
                time=np.array(time, float),
                rounds=2,
            ),
            Fixed(["a"] * 40),
            SAMPLE,
            [(np.arange(20), np.arange(20, 40))],
        ).but(of=(leakage.audit,), errors=(IndexError,)),
        call(leakage.require_clean, []),
        call(lambda *rules: watched(rules).verdict, 0.7).but(of=(monitor.Monitor,)),
        call(
            lambda a, b, c: monitor.Monitor(
                CONTRACT, FRAME, 0.7, max_broken=a, min_labelled=b, level=c
            ),
            0.05,
            0.2,
            0.001,
        ),
        call(lambda y: watched(truth=y).labelled, 1),
        call(lambda ys: watched(predicted=ys).labelled, list(COIN)),
        call(parity.row_feed, [{"n": 0.5, "c": "a"}], Fixed(CONTRACT)).but(errors=(KeyError,)),
        call(kept, KEY, "name", 1, "canary").but(of=(registry.Registry,)),
        call(logged, "id", 0.5, Fixed(1)).but(of=(app.PredictionLog,)),
        call(lambda limit: app.BodyLimit(None, limit), 99).but(of=(app.BodyLimit,)),
        call(app.together, [(Half(), {"x": 1})]),
        call(batched, lambda rows: [0.5] * len(rows), 2, 1.0, 9).but(of=(engine.MicroBatcher,)),
        call(shaded, 9, 1.0, 0.1).but(of=(rollout.Shadow,)),
        call(rollout.Canary, (1, 100), 5, 50.0, 0.01, "salt")
        .then("route", "user")
        .then("record", "candidate", ok=True, ms=1.0)
        .but(shares="one roll-out has one timeline"),
        arrays(train.calibration_error, [0, 1], [0.2, 0.7], 10).but(many=99),
        arrays(train.best_threshold, [0, 1], [0.2, 0.7], missed=5.0, false_alarm=1.0),
        arrays(
            train.bootstrap_interval,
            lambda *_: 0.5,
            [0, 1, 1],
            [0.2, 0.7, 0.6],
            rng=Fixed(RNG),
            rounds=3,
        ).but(many=99),
    )
    excepted = {
        "drift.stream.river_detector": "needs river, an optional rival; tests/unit/test_drift_monitor.py",
        "lab": "experiments of seconds that start and kill processes; tests/failure",
        "leakage": "the rest trains a dozen models a call; scikit-learn checks their `k`",
        "mlflow_registry": "takes a client of MLflow; tests/unit/test_parity_registry.py",
        "parity.open_session": "starts as many threads as it is told; tests/unit/test_parity_registry.py",
        "parity.compare": "takes a pipeline and its graph; tests/unit/test_parity_registry.py",
        "scale.fit_grid": "starts engines; tests/unit/test_serving.py",
        "serving.engine": "predictors take rows that the service has checked; tests/unit/test_serving.py",
        "serving.loadgen": "a program; tests/unit/test_loadgen.py",
        "serving.server": "starts processes; tests/integration",
    }
