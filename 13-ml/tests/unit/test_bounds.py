"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from velvet_ml import data, train
from velvet_ml.contracts import infer
from velvet_ml.drift import batch, evaluate, stream
from velvet_ml.experiment import analyse, design, sequential
from velvet_ml.monitor import Monitor
from velvet_ml.parity import open_session
from velvet_ml.registry import Registry
from velvet_ml.serving.app import BodyLimit
from velvet_ml.serving.engine import MicroBatcher
from velvet_ml.serving.rollout import Canary, Shadow

FRAME = data.make_churn(40, 1).features
CONTRACT = infer(FRAME)
NARROW = pd.DataFrame({"a": [10.0, 20.0]})
Y, P = np.array([0, 1]), np.array([0.0, 1.0])
RISING = np.arange(200.0)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def calibrated(**settings: Any) -> float:
    return batch.calibrate(lambda old, new: float(new.mean()), RISING, 50, rng=rng(), **settings)


def monitor(**shares: float) -> Monitor:
    return Monitor(CONTRACT, FRAME, **{"accuracy": 0.5, **shares})


def ends(name: str, *values: float) -> dict[str, str]:
    contract, found = infer(NARROW, slack=0), dict[str, str]()
    for value in values:
        found |= contract.row_problems({name: value})
    return found


def look(*counts: int) -> bool:
    return sequential.Experiment(sequential.Fixed()).update(*counts).stop


class Placed(design.Assigner):
    def bucket(self, user: str) -> int:
        return int(user)


def arms(*buckets: int) -> list[str]:
    return [Placed("", {"a": 0.5, "b": 0.5}).arm(str(one)) for one in buckets]


def stopped() -> list[int]:
    """Return where an experiment stops that every look would stop."""
    nothing = np.zeros((1, 2))
    many = sequential.Paths(np.array([1.0, 2.0]), nothing, nothing)
    always: Any = SimpleNamespace(looks=2, crossed=lambda *_: np.array([True]))
    return [int(one) for one in sequential.judge(always, many).stopped]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: len(data.make_churn(1, 1).features), 1),
        (lambda: data.DriftScenario("none", 0).magnitude, 0),
        (lambda: data.DriftScenario("none", 1).magnitude, 1),
        (lambda: infer(FRAME, slack=0).fields == CONTRACT.fields, False),
        (lambda: [(f.low, f.high) for f in infer(NARROW, slack=0.5).fields], [(5.0, 25.0)]),
        (lambda: analyse.two_proportions((0, 1), (1, 1)).difference, 1.0),
        (lambda: design.srm_check((1, 1), (0.5, 0.5)), 1.0),
        (lambda: look(1, 0, 1), False),
        (lambda: analyse.bonferroni([0, 1]), [0.0, 1.0]),
        (lambda: arms(0, 4_999, 5_000, 9_999), [*"aabb"]),
        (stopped, [0]),
        (lambda: len(sequential.boundaries(1, "pocock")), 1),
        (lambda: stream.Cusum(0, target=0, slack=0).update(0), False),
        (lambda: stream.Cusum(1, target=0, slack=0).update(1), False),
        (lambda: stream.Cusum(1, target=0, slack=0).update(1.01), True),
        (lambda: stream.PageHinkley(0, slack=-1, warm=0).update(0), True),
        (lambda: stream.PageHinkley(0, slack=-1, warm=1).update(0), True),
        (lambda: stream.PageHinkley(0, slack=-1, warm=2).update(0), False),
        (lambda: ends("a", 10.0, 20.0), {}),
        (lambda: ends("a", 9.99, 20.01), {"a": "is above 20"}),
        (lambda: ends("a", 9.99), {"a": "is below 10"}),
        (lambda: stream.Adwin(0.5, clock=1, per_row=1, smallest=1, grace=1).update(0), False),
        (lambda: calibrated(rounds=1, alarms=0) == calibrated(rounds=1, alarms=1), True),
        (lambda: evaluate.errors(3, 0, rng()), [0.0, 0.0, 0.0]),
        (lambda: evaluate.errors(3, 1, rng()), [1.0, 1.0, 1.0]),
        (lambda: evaluate.run_length(lambda: stream.Cusum(9), steps=1, rounds=1, seed=1), inf),
        (lambda: evaluate.calibrate(stream.Cusum, 10, seed=1, rounds=1) > 0, True),
        (lambda: monitor(accuracy=0, max_broken=0, min_labelled=0, level=0) is None, False),
        (lambda: monitor(accuracy=1, max_broken=1, min_labelled=1, level=1) is None, False),
        (lambda: train.calibration_error(Y, P, bins=1), 0.0),
        (lambda: train.best_threshold(Y, P, missed=0, false_alarm=0), 1.0),
        (lambda: train.best_threshold(Y, P, missed=1, false_alarm=1), 1.0),
        (lambda: train.bootstrap_interval(train.brier, Y, P, rng=rng(), rounds=1), (0.0, 0.0)),
        (lambda: MicroBatcher(list, max_batch=1, max_queue=1, max_wait_ms=0) is None, False),
        (lambda: MicroBatcher(list, max_wait_ms=60_000) is None, False),
        (lambda: Canary((100,), per_step=1, slow_ms=0).percent, 100),
        (lambda: Canary((1, 100)).percent, 1),
        (lambda: BodyLimit(None, 0) is None, False),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: data.make_churn(0, 1), "n is 0"),
        (lambda: data.DriftScenario("none", -0.01), "magnitude is -0.01"),
        (lambda: data.DriftScenario("none", 1.01), "magnitude is 1.01"),
        (lambda: infer(FRAME, slack=-0.01), "slack is -0.01"),
        (lambda: analyse.two_proportions((0, 0), (1, 1)), "users is 0"),
        (lambda: analyse.two_proportions((-1, 1), (1, 1)), "successes is -1"),
        (lambda: analyse.two_proportions((2, 1), (1, 1)), "successes is 2"),
        (lambda: design.srm_check((0, 1), (0.5, 0.5)), "traffic is 0"),
        (lambda: design.srm_check((1, 1), (0, 1)), "weight is 0"),
        (lambda: design.srm_check((1,), (1,)), "do not fit"),
        (lambda: analyse.bonferroni([-0.01]), "each from 0 to 1"),
        (lambda: analyse.bonferroni([1.01]), "each from 0 to 1"),
        (lambda: look(0, 0, 0), "n is 0"),
        (lambda: look(1, 2, 0), "a .* is 2"),
        (lambda: look(1, 0, -1), "b .* is -1"),
        (lambda: sequential.boundaries(0, "pocock"), "looks is 0"),
        (lambda: sequential.boundaries(1, "pocock", 0), "alpha is 0"),
        (lambda: sequential.boundaries(1, "pocock", 1), "alpha is 1"),
        (lambda: sequential.MSPRT(tau=0), "tau is 0"),
        (lambda: sequential.paths(0, per_arm=9, base=0.1, lift=0, seed=1), "experiments is 0"),
        (lambda: sequential.paths(1, per_arm=9, base=0.1, lift=0, seed=1, steps=0), "steps is 0"),
        (lambda: sequential.paths(1, per_arm=8, base=0.1, lift=0, seed=1, steps=9), "arm is 8"),
        (lambda: sequential.paths(1, per_arm=99, base=0.5, lift=1, seed=1, steps=9), "both rates"),
        (lambda: batch.wasserstein(RISING, np.append(RISING, inf)), "infinite value is inf"),
        (lambda: stream.PageHinkley(1, warm=-1), "warm is -1"),
        (lambda: stream.Adwin(0), "delta is 0"),
        (lambda: stream.Adwin(1), "delta is 1"),
        (lambda: stream.Adwin(clock=0), "clock"),
        (lambda: stream.Adwin(per_row=0), "per_row"),
        (lambda: stream.Adwin(smallest=0), "smallest"),
        (lambda: stream.Adwin(grace=0), "grace"),
        (lambda: calibrated(rounds=0), "rounds is 0"),
        (lambda: calibrated(alarms=-0.01), "alarms is -0.01"),
        (lambda: calibrated(alarms=1.01), "alarms is 1.01"),
        (lambda: batch.feature_drift(FRAME, FRAME, level=1.01), "level is 1.01"),
        (lambda: evaluate.errors(1, -0.01, rng()), "rate is -0.01"),
        (lambda: evaluate.errors(1, 1.01, rng()), "rate is 1.01"),
        (lambda: evaluate.run_length(lambda: stream.Cusum(9), steps=0, rounds=1, seed=1), "steps"),
        (lambda: evaluate.run_length(lambda: stream.Cusum(9), steps=1, rounds=0, seed=1), "rounds"),
        (lambda: evaluate.calibrate(stream.Cusum, 9, seed=1), "run length is 9"),
        (lambda: evaluate.delay(lambda: stream.Cusum(9), 0.1, rounds=0, seed=1), "rounds is 0"),
        (lambda: monitor(accuracy=1.01), "share .* is 1.01"),
        (lambda: monitor(max_broken=-0.01), "share .* is -0.01"),
        (lambda: train.calibration_error(Y, P, bins=0), "bins is 0"),
        (lambda: train.calibration_error(Y, P + 0.01), "from 0 to 1"),
        (lambda: train.calibration_error(Y, P - 0.01), "from 0 to 1"),
        (lambda: train.best_threshold(Y, P, missed=-1, false_alarm=0), "missed is -1"),
        (lambda: train.best_threshold(Y, P, missed=0, false_alarm=-1), "false_alarm is -1"),
        (lambda: train.bootstrap_interval(train.brier, Y, P, rng=rng(), rounds=0), "rounds is 0"),
        (lambda: open_session(b"", 0), "threads is 0"),
        (lambda: MicroBatcher(list, max_batch=0), "max_batch is 0"),
        (lambda: MicroBatcher(list, max_queue=0), "max_queue is 0"),
        (lambda: MicroBatcher(list, max_wait_ms=-1), "max_wait_ms is -1"),
        (lambda: MicroBatcher(list, max_wait_ms=60_001), "max_wait_ms is 60001"),
        (lambda: Shadow(list, list, max_queue=0), "max_queue is 0"),  # type: ignore[arg-type]
        (lambda: Shadow(list, list, timeout=-1), "timeout is -1"),  # type: ignore[arg-type]
        (lambda: Shadow(list, list, tolerance=-1), "tolerance is -1"),  # type: ignore[arg-type]
        (lambda: Canary((0, 100)), "a step is 0"),
        (lambda: Canary((101,)), "a step is 101"),
        (lambda: Canary((1, 99)), "the last is 100"),
        (lambda: Canary((100, 100)), "the last is 100"),
        (lambda: Canary(per_step=0), "per_step is 0"),
        (lambda: Canary(slow_ms=-1), "slow_ms is -1"),
        (lambda: Canary().record("stable", ok=True, ms=-1), "ms is -1"),
        (lambda: BodyLimit(None, -1), "limit is -1"),
        (lambda: Registry(Path(), b"x" * 15), "has 15 bytes"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
