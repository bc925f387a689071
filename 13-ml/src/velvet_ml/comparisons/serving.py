"""What a prediction costs: in the process, over HTTP, under a kill, and while rolling out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from velvet.bench import Metric, Outcome, Suite, mode, ratio, speedup, value
from velvet_ml import data, lab, parity
from velvet_ml.parity import feed, open_session
from velvet_ml.samples import demo
from velvet_ml.serving.server import serve, start_load

ENGINES = ("sklearn", "sklearn_direct", "onnx")
VERSIONS = {"sklearn": 1, "sklearn_batched": 1, "onnx": 2}


@lru_cache(maxsize=3)
def _model(name: str) -> tuple[Any, bytes, Any]:
    trained = demo.small_run(name, rows=2_000)
    graph = parity.to_graph(trained.model, trained.contract)
    return trained, graph, data.make_churn(1_000, 3).features


def _predict(engine: str, model: str, rows: int) -> Callable[[], Any]:
    trained, graph, features = _model(model)
    frame = trained.contract.prepare(features.head(rows))
    if engine == "sklearn":
        return lambda: trained.model.predict_proba(frame)[:, 1].round(5)
    if engine == "sklearn_direct":
        # What is left when columns were made before: the model alone, on an array.
        ready = trained.model[:-1].transform(frame)
        last = trained.model[-1]
        return lambda: last.predict_proba(ready)[:, 1].round(5)
    session, inputs = open_session(graph), feed(frame, trained.contract)
    return lambda: session.run(["probabilities"], inputs)[0][:, 1].round(5)


def _http(name: str, concurrency: int) -> Iterator[Callable[[], Outcome]]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = demo.make_demo(Path(folder), "boosting")
        shop.registry.promote(demo.NAME, VERSIONS[name], "production")
        with serve(shop.settings(batched=name == "sklearn_batched")) as server:

            def load(requests: int) -> Any:
                return start_load(
                    server.port, shop.rows, requests=requests, concurrency=concurrency
                ).wait()

            few = 40 * (5 if name == "onnx" else 1)
            load(few)

            def run() -> Outcome:
                seen = load(few * 4)
                metrics = {"rate": seen.rate, "p50": seen.p50_ms, "p99": seen.p99_ms}
                wrong = float(seen.failed + seen.shed)
                return Outcome({**metrics, "failed": wrong}, seconds=1 / seen.rate, result=wrong)

            yield run


def _kills() -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = demo.make_demo(Path(folder) / "registry")
        settings = shop.settings(log=str(Path(folder) / "predictions.log"))
        kills = 1 if mode() == "quick" else 3
        left = lab.kill_worker(settings, shop.rows, requests=1_500 * kills, kills=kills)
    return {
        "lost": left.lost,
        "failed": left.failed,
        "acknowledged": left.acknowledged,
        "retries": left.retries,
        "kills": left.killed,
    }


def _rolled(steps: tuple[int, ...], candidate: str) -> Callable[[], dict[str, float]]:
    errors, slow = {"fails": (0.2, 0.0), "slow": (0.0, 0.3), "good": (0.0, 0.0)}[candidate]

    def run() -> dict[str, float]:
        seeds = range(5 if mode() == "quick" else 20)
        seen = [lab.roll_out(errors, slow=slow, steps=steps, seed=seed) for seed in seeds]
        return {
            "harmed": float(np.mean([one.harmed for one in seen])),
            "rolled_back": 100 * float(np.mean([one.rolled_back for one in seen])),
        }

    return run


def _add_latency(suite: Suite) -> None:
    latency = suite.comparison(
        "predict_latency",
        title="One call: boosting, a forest, a linear model",
        unit="us",
        sizes=[
            {"model": name, "rows": rows}
            for name in ("logreg", "forest", "boosting")
            for rows in (1, 1_000)
        ],
        quick=lambda model, rows: rows == 1,  # noqa: ARG005
    )
    for engine in ENGINES:
        latency.add(
            engine,
            partial(_predict, engine),
            baseline=engine == "sklearn",
            note="" if engine != "sklearn_direct" else "the model alone, its columns made before",
        )
    latency.same_result(
        lambda a, b: bool(np.allclose(a, b, atol=3e-5)), types="ONNX answers in float32"
    )
    for model in ("logreg", "forest", "boosting"):
        suite.claim(
            f"{model}: ONNX answers one row at least 20x as fast as the pipeline",
            speedup("predict_latency", "onnx", "sklearn", model=model, rows=1) >= 20,
        )
    for model, bound in (("logreg", 5), ("forest", 1.5)):
        suite.claim(
            f"{model}: ONNX answers 1,000 rows at least {bound}x as fast as the pipeline",
            speedup("predict_latency", "onnx", "sklearn", model=model, rows=1_000) >= bound,
            tier="default",
        )


def _add_http(suite: Suite) -> None:
    http = suite.comparison(
        "http",
        title="A service on the loopback, its load from another process: time a request",
        kind="run",
        unit="ms",
        limit=240,
        tier="default",
        sizes={"concurrency": [1, 32]},
        metrics={
            "rate": Metric("requests/s", "higher"),
            "p50": "ms",
            "p99": "ms",
            "failed": "requests",
        },
        rounds={"default": 3},
    )
    for name in VERSIONS:
        http.add(name, partial(_http, name), baseline=name == "sklearn")
    http.same_result()
    for concurrency in (1, 32):
        suite.claim(
            f"over HTTP, {concurrency} at a time: ONNX serves at least 2x the requests",
            ratio("http", "sklearn", "onnx", concurrency=concurrency) >= 2,
            tier="default",
        )
    suite.claim(
        "32 at a time: micro-batches serve at least 1.3x the requests of the same pipeline",
        ratio("http", "sklearn", "sklearn_batched", concurrency=32) >= 1.3,
        tier="default",
    )


def _add_kills(suite: Suite) -> None:
    killed = suite.comparison(
        "killed_worker",
        title="A worker killed with kill -9 under load",
        kind="value",
        unit="requests",
        limit=300,
        metrics={
            "lost": "requests",
            "failed": "requests",
            "acknowledged": Metric("requests", "higher"),
            "retries": "requests",
            "kills": Metric("kills", "higher"),
        },
    )
    killed.add("service", lambda: _kills)
    suite.claim(
        "a killed worker loses no acknowledged prediction, and no request fails for good",
        value("killed_worker", "service", "lost").equals(0)
        & value("killed_worker", "service", "failed").equals(0),
    )


def _add_roll_out(suite: Suite) -> None:
    rolled = suite.comparison(
        "roll_out",
        title="20,000 requests with a new model: answers harmed",
        kind="value",
        unit="answers",
        sizes={"candidate": ["good", "fails", "slow"]},
        quick=lambda candidate: candidate != "good",
        metrics={"harmed": "answers", "rolled_back": Metric("%", "higher")},
    )
    rolled.add("at_once", partial(_rolled, (100,)), note="to all users")
    rolled.add("canary", partial(_rolled, (1, 5, 25, 50, 100)), note="in five steps")
    for candidate in ("fails", "slow"):
        suite.claim(
            (
                f"a candidate that is {candidate}: the canary rolls back, at most 200 answers are harmed"
                if candidate == "slow"
                else "a candidate that fails: the canary rolls back, at most 200 answers are harmed"
            ),
            value("roll_out", "canary", "rolled_back", candidate=candidate).equals(100)
            & (value("roll_out", "canary", "harmed", candidate=candidate) <= 200),
        )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    for declare in (_add_latency, _add_http, _add_kills, _add_roll_out):
        declare(suite)
