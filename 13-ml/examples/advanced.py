"""Advanced examples: detectors at one run length, a canary, a service under load, engines."""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
import time
from functools import partial
from pathlib import Path

from velvet.examples import example, main
from velvet_ml import lab, scale
from velvet_ml.drift import evaluate, stream
from velvet_ml.samples import demo
from velvet_ml.serving.engine import MicroBatcher, OnnxPredictor, SklearnPredictor
from velvet_ml.serving.rollout import Shadow
from velvet_ml.serving.server import serve, start_load


@example("drift_race")
def drift_race() -> None:
    """Detectors of an error rate: delay after a change, beside the run length between false alarms."""
    detectors: dict[str, evaluate.Make] = {}
    for name in ("cusum", "page_hinkley"):
        threshold = evaluate.calibrate(stream.OURS[name], 1_000, seed=3, rounds=12)
        detectors[f"{name} ({threshold:.1f})"] = partial(stream.OURS[name], threshold)
    detectors["ADWIN, ours"] = stream.Adwin
    if importlib.util.find_spec("river"):
        detectors |= {
            f"{one}, river": partial(stream.river_detector, one) for one in ("ADWIN", "DDM")
        }
    else:
        print("river is not installed: pip install river adds two rows")
    print(f"{'detector':20}{'run length':>12}{'+0.2':>8}{'+0.1':>8}{'too early':>11}")
    for name, make in detectors.items():
        length = evaluate.run_length(make, steps=4_000, rounds=12, seed=4)
        large, small = (
            evaluate.delay(make, change, after=400, within=1_500, rounds=12, seed=5)
            for change in (0.2, 0.1)
        )
        print(
            f"{name:20}{length:>12,.0f}{large.median:>8.0f}{small.median:>8.0f}{large.early:>11.0%}"
        )
    print("why: a detector that cries often is quick; compare at one run length only")


@example("canary_rollback")
def canary_rollback() -> None:
    """A model that fails one time in five reaches a few users and is rolled back."""
    for name, errors, slow in (("good", 0.0, 0.0), ("fails", 0.2, 0.0), ("slow", 0.0, 0.3)):
        seen = lab.roll_out(errors, slow=slow, requests=12_000)
        steps = ", ".join(f"{one.percent} %" for one in seen.timeline)
        print(f"{name:6}{steps} at {seen.timeline[-1].request:,}; {seen.timeline[-1].reason}")
        if name == "fails":
            print(
                f"      {seen.harmed} answers harmed; at once for all: about {12_000 * 0.21:,.0f}"
            )

    async def shadow() -> None:
        async def primary(row: dict[str, float]) -> float:
            return row["x"]

        async def hangs(row: dict[str, float]) -> float:
            await asyncio.sleep(3_600)
            return row["x"]

        async with Shadow(primary, hangs, timeout=0.01, max_queue=5) as shade:
            answers = [await shade.predict({"x": number / 20}) for number in range(20)]
            await shade.drained()
            print(f"shadow that hangs: {len(answers)} answers, {shade.stats.failed} given up")

    asyncio.run(shadow())


@example("serving_shootout")
def serving_shootout() -> None:
    """One row through a pipeline, a graph and a batch; then the graph over HTTP, from outside."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shop = demo.make_demo(Path(folder))
        trained = shop.trained
        pipeline = SklearnPredictor(trained.model, trained.contract)
        graph = OnnxPredictor(shop.graph, trained.contract)
        for name, predictor, rounds in (("sklearn", pipeline, 20), ("ONNX", graph, 500)):
            begun = time.perf_counter()
            for _ in range(rounds):
                answer = predictor.predict(shop.rows[:1])[0]
            us = (time.perf_counter() - begun) / rounds * 1e6
            print(f"{name:8}{us:>9,.0f} us a row, answer {answer:.4f}")

        async def batched() -> str:
            async with MicroBatcher(pipeline.predict, max_wait_ms=5) as batcher:
                await asyncio.gather(*(batcher.submit(row) for row in shop.rows))
                return f"{batcher.stats.rows} rows in {batcher.stats.batches} calls"

        print(f"batched {asyncio.run(batched())}")
        with serve(shop.settings()) as server:
            load = start_load(server.port, shop.rows, requests=300, concurrency=8).wait()
        print(
            f"HTTP    {load.rate:,.0f} requests/s, p50 {load.p50_ms:.1f}, p99 {load.p99_ms:.1f} ms"
        )
        print(f"        {len(load.acknowledged)} answered, {load.failed} failed")


@example("scale_out")
def scale_out() -> None:
    """One small grid on each engine that is installed: start-up, first run, next run."""
    for name, package in (
        ("serial", ""),
        ("threads", ""),
        ("loky", ""),
        ("dask", "distributed"),
        ("ray", "ray"),
    ):
        if package and importlib.util.find_spec(package) is None:
            print(f"{name:8} not installed: pip install {package}")
            continue
        if package:
            print(f"{name:8} is installed: velvet bench 13 --filter scale_out measures it")
            continue
        told = scale.fit_grid(name, "tiny")
        print(
            f"{name:8} start {told.start_s:5.2f} s, first {told.first_s:5.2f} s, next {told.next_s:5.2f} s;"
            f" best {told.best}"
        )
    print("why: processes import scikit-learn before they work; a small job never pays")


if __name__ == "__main__":
    main()
