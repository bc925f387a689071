"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

Event = dict[str, Any]
PER_ARM, STEPS, FRAMES, SHOWN = 10_000, 100, 20, 60
SPREAD = 3.0  # of an outcome beside its mean, as of clicks at a rate of 10 %


def experiments(
    lift: int = 0, rule: str = "peek_100", runs: int = 500, past: float = 0.7, split: float = 51.0
) -> Iterator[Event]:
    """Let experiments unfold under one rule, judge them by all rules, then CUPED and the split."""
    from velvet_ml.experiment import sequential

    if rule not in sequential.RULES:
        raise ValueError(f"rule {rule!r} is none of {', '.join(sequential.RULES)}")
    if not 0 <= lift <= 50 or not 50 <= runs <= 2_000:
        raise ValueError("lift 0 to 50 %, 50 to 2,000 experiments")
    if not 0 <= past <= 0.95 or not 40 <= split <= 60:
        raise ValueError("a correlation with the past of 0 to 0.95, 40 to 60 % of the users in A")
    yield {"type": "plan", "total": FRAMES + len(sequential.RULES) + 3}
    many = sequential.paths(
        runs, per_arm=PER_ARM, base=0.1, lift=lift / 100, seed=2026, steps=STEPS
    )
    z = np.stack(
        [
            sequential.z_scores(many.a[:, at], many.b[:, at], float(many.n[at]))
            for at in range(STEPS)
        ],
        axis=1,
    )
    verdicts = sequential.judge(sequential.RULES[rule], many)
    for frame in range(1, FRAMES + 1):
        upto = frame * STEPS // FRAMES
        stopped = (verdicts.stopped >= 0) & (verdicts.stopped < upto)
        first = (frame - 1) * STEPS // FRAMES
        yield {
            "type": "frame",
            "n": int(many.n[upto - 1]),
            "stopped": int(stopped.sum()),
            "runs": runs,
            "winners": np.flatnonzero(stopped[:SHOWN]).tolist(),
            "at": many.n[first:upto].tolist(),
            "z": [
                [
                    (
                        round(float(x), 2)
                        if verdicts.stopped[row] < 0 or at <= verdicts.stopped[row]
                        else None
                    )
                    for at, x in enumerate(z[row, first:upto], first)
                ]
                for row in range(min(runs, SHOWN))
            ],
        }
    for name, other in sequential.RULES.items():
        judged = sequential.judge(other, many)
        yield {"type": "rule", "name": name, "share": judged.share, "users": judged.mean_users}
    yield from _with_the_past(lift / 100, past)
    yield _splits(split / 100, runs)


def _with_the_past(lift: float, correlation: float) -> Iterator[Event]:
    """Judge one experiment as it is, then with what each user's past explains taken out."""
    from velvet_ml.experiment import analyse

    rng = np.random.default_rng(2026)
    past, rest = rng.standard_normal((2, 2, PER_ARM))
    outcome = 1 + SPREAD * (correlation * past + sqrt(1 - correlation**2) * rest)
    outcome[1] += lift
    adjusted = analyse.cuped(outcome.ravel(), past.ravel()).reshape(outcome.shape)
    for name, (a, b) in (("without", outcome), ("with", adjusted)):
        told = analyse.mean_difference(a, b)
        reach = 50 * (told.high - told.low)
        yield {"type": "effect", "name": name, "lift": 100 * told.difference, "reach": reach}


def _splits(share: float, runs: int) -> Event:
    """Send this share of the users to A, and check each experiment against the planned half."""
    from velvet_ml.experiment import design

    users = 2 * PER_ARM
    first = np.random.default_rng(2027).binomial(users, share, runs).tolist()
    p = [design.srm_check((n, users - n), (0.5, 0.5)) for n in first]
    alarms = [number for number, one in enumerate(p) if one < design.SRM_ALARM]
    return {"type": "split", "users": users, "first": first, "alarms": alarms}


def leaks(leak: str = "selection", rounds: int = 8) -> Iterator[Event]:
    """Score with and without a leak, then shuffle the labels and score again."""
    from velvet_ml import leakage

    if leak not in leakage.LEAKS or not 2 <= rounds <= 30:
        raise ValueError(f"leak {leak!r}, {rounds} rounds: {', '.join(leakage.LEAKS)}; 2 to 30")
    yield {"type": "plan", "total": 1 + (2 * rounds if leak == "selection" else 0)}
    scores = leakage.LEAKS[leak](0)
    yield {"type": "score", "leak": leak, "leaky": scores.leaky, "honest": scores.honest}
    if leak != "selection":
        return
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((100, 2_000)), rng.integers(0, 2, 100)  # noqa: N806
    for _ in range(rounds):
        shuffled = rng.permutation(y)
        for side, score in (
            ("leaky", leakage.leaky_selection),
            ("honest", leakage.honest_selection),
        ):
            yield {"type": "null", "side": side, "score": score(X, shuffled)}


def registry(kills: int = 1) -> Iterator[Event]:
    """Register, promote, tamper, roll back; then kill writers and look at what they left."""
    from velvet_ml import lab
    from velvet_ml.errors import IntegrityError
    from velvet_ml.samples import demo

    if not 0 <= kills <= 5:
        raise ValueError(f"{kills} kills: 0 to 5")
    yield {"type": "plan", "total": 5 + kills}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = demo.make_demo(Path(folder) / "shop", rows=600)

        def step(what: str, **more: Any) -> Event:
            return {
                "type": "step",
                "what": what,
                "production": shop.registry.version_of("churn", "production"),
                **more,
            }

        for version in shop.registry.versions("churn"):
            one = shop.registry.manifest("churn", version)
            yield step(f"registered version {version}", format=one.format, sha256=one.sha256[:12])
        shop.registry.promote("churn", 1, "production", expect=2)
        yield step("promoted version 1")
        sha256 = shop.registry.manifest("churn", 1).sha256
        blob = Path(folder, "shop", "blobs", sha256[:2], sha256)
        content = bytearray(blob.read_bytes())
        content[100] ^= 1
        blob.write_bytes(content)
        try:
            shop.registry.read("churn", "production")
        except IntegrityError as error:
            yield step("changed one byte", refused=str(error))
        shop.registry.rollback("churn")
        yield step("rolled back")
        for number in range(kills):
            left = lab.kill_writer(
                Path(folder, f"kill-{number}"), demo.NAME, demo.KEY, 3 + 4 * number
            )
            yield {
                "type": "kill",
                "number": number + 1,
                "acknowledged": left.acknowledged,
                "found": left.found,
                "problems": len(left.problems),
            }


def race(change: int = 20, arl: int = 500, rounds: int = 12) -> Iterator[Event]:
    """Calibrate detectors to one run length, then let the error rate rise."""
    from velvet_ml.drift import evaluate, stream

    if not 2 <= change <= 60 or not 100 <= arl <= 2_000 or not 4 <= rounds <= 40:
        raise ValueError("change 2 to 60 points, run length 100 to 2,000, 4 to 40 rounds")
    yield {"type": "plan", "total": 4}
    values = evaluate.changing(400, 200, change / 100, np.random.default_rng(7))
    yield {
        "type": "stream",
        "mean": [float(np.mean(values[max(0, n - 30) : n])) for n in range(30, 600, 6)],
    }
    for name, kind in stream.OURS.items():
        threshold = 0.0 if name == "adwin" else evaluate.calibrate(kind, arl, seed=3, rounds=rounds)
        make = partial(kind, threshold)
        seen = evaluate.delay(make, change / 100, after=200, within=1_500, rounds=rounds, seed=5)
        length = evaluate.run_length(make, steps=4 * arl, rounds=rounds, seed=4)
        at = evaluate.first_alarm(make(), values)
        yield {
            "type": "detector",
            "name": name,
            "alarm": at,
            "delay": seen.median if seen.found else None,
            "early": seen.early,
            "run_length": length if length != float("inf") else None,
        }


def serving(candidate: str = "fails", server: bool = True) -> Iterator[Event]:
    """Time a row, roll a candidate out, and put a load on a server of this machine."""
    import time

    from velvet_ml import lab
    from velvet_ml.samples import demo
    from velvet_ml.serving.engine import OnnxPredictor, SklearnPredictor
    from velvet_ml.serving.server import ServerFailed, serve, start_load

    kinds = {"good": (0.0, 0.0), "fails": (0.2, 0.0), "slow": (0.0, 0.3)}
    if candidate not in kinds:
        raise ValueError(f"candidate {candidate!r} is none of {', '.join(kinds)}")
    yield {"type": "plan", "total": 4 if server else 3}
    errors, slow = kinds[candidate]
    seen = lab.roll_out(errors, slow=slow, requests=14_000)
    steps = [[one.request, one.percent, one.reason] for one in seen.timeline]
    yield {
        "type": "rollout",
        "candidate": candidate,
        "steps": steps,
        "harmed": seen.harmed,
        "requests": 14_000,
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = demo.make_demo(Path(folder), rows=800)
        pipeline = SklearnPredictor(shop.trained.model, shop.trained.contract)
        graph = OnnxPredictor(shop.graph, shop.trained.contract)
        for name, predictor, rounds in (("sklearn", pipeline, 15), ("ONNX", graph, 300)):
            times = []
            for _ in range(rounds):
                begun = time.perf_counter()
                predictor.predict(shop.rows[:1])
                times.append((time.perf_counter() - begun) * 1e6)
            yield {"type": "engine", "name": name, "us": float(np.median(times))}
        if server:
            try:
                with serve(shop.settings()) as running:
                    load = start_load(running.port, shop.rows, requests=400, concurrency=8).wait()
                yield {"type": "http", "rate": load.rate, "p50": load.p50_ms, "p99": load.p99_ms}
            except (ServerFailed, OSError) as error:
                yield {"type": "http", "refused": str(error)[:200]}
