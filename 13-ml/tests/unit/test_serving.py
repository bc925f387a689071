"""Engines, micro-batches, the service without a socket, shadow and canary, grids."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from velvet_ml import contenders, data, lab, parity, scale
from velvet_ml.contracts import infer
from velvet_ml.errors import ModelUnavailable, Overloaded
from velvet_ml.registry import Registry
from velvet_ml.samples.demo import Demo
from velvet_ml.serving.app import PredictionLog, create_app, together
from velvet_ml.serving.engine import MicroBatcher, OnnxPredictor, Row, SklearnPredictor
from velvet_ml.serving.rollout import Canary, Shadow
from velvet_ml.train import Run


def body(row: Any, id: str = "r-1") -> bytes:
    return json.dumps({"id": id, "features": row}).encode()


def test_both_engines_give_the_same_answers(shop: Demo) -> None:
    contract = shop.trained.contract
    one = SklearnPredictor(shop.trained.model, contract).predict(shop.rows)
    other = OnnxPredictor(shop.graph, contract).predict(shop.rows)
    assert other == pytest.approx(one, abs=1e-5)
    assert one == pytest.approx(list(shop.trained.predict(shop.trained.held_out.head(50))))


def doubled(rows: Sequence[Row]) -> list[float]:
    if any(row["x"] < 0 for row in rows):
        raise ValueError("below zero")
    return [2.0 * row["x"] for row in rows]


def test_rows_that_wait_together_share_one_call_and_keep_their_order() -> None:
    async def run() -> tuple[list[float], int]:
        async with MicroBatcher(doubled, max_wait_ms=50) as batcher:
            found = await asyncio.gather(*(batcher.submit({"x": n}) for n in range(20)))
            return found, batcher.stats.batches

    found, batches = asyncio.run(run())
    assert found == [2.0 * n for n in range(20)]
    assert batches < 20


def test_one_bad_row_fails_alone() -> None:
    async def run() -> list[Any]:
        async with MicroBatcher(doubled, max_wait_ms=20) as batcher:
            waiting = (batcher.submit({"x": n}) for n in (1, -1, 3))
            return await asyncio.gather(*waiting, return_exceptions=True)

    first, bad, last = asyncio.run(run())
    assert (first, last) == (2.0, 6.0)
    assert isinstance(bad, ValueError)


@pytest.mark.parametrize("answers", [[], [0.5] * 9])
def test_a_model_with_a_wrong_number_of_answers_leaves_no_caller_waiting(
    answers: list[float],
) -> None:
    async def run() -> list[Any]:
        async with MicroBatcher(lambda _: answers, max_wait_ms=5) as batcher:
            waiting = asyncio.gather(*map(batcher.submit, range(3)), return_exceptions=True)
            return await asyncio.wait_for(waiting, 20)

    found = asyncio.run(run())
    assert [type(one) for one in found] == [ValueError] * 3
    assert f"{len(answers)} answers for 1 rows" in str(found[0])


def test_a_full_queue_sheds_a_cancelled_caller_is_skipped_and_closing_answers_all() -> None:
    async def run() -> tuple[int, list[Any]]:
        batcher = MicroBatcher(doubled, max_queue=2, max_wait_ms=60_000)
        with pytest.raises(ModelUnavailable, match="not running"):
            await batcher.submit({"x": 1})
        async with batcher:
            calls = [asyncio.create_task(batcher.submit({"x": n})) for n in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded, match="2 rows wait"):
                await batcher.submit({"x": 9})
            calls[0].cancel()
        return batcher.stats.shed, await asyncio.gather(*calls, return_exceptions=True)

    shed, (cancelled, closed) = asyncio.run(run())
    assert shed == 1
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(closed, ModelUnavailable)
    assert "closed" in str(closed)
    with pytest.raises(ValueError, match="max_batch is 0"):
        MicroBatcher(doubled, max_batch=0)


def test_the_service_answers_logs_and_counts(
    shop: Demo, tmp_path: Any, served: Callable[..., Any]
) -> None:
    log = tmp_path / "predictions.log"
    app = create_app(shop.settings(log=str(log)))
    strange = {**shop.rows[0], "region": "moon"}
    many = json.dumps({"rows": shop.rows[:3]}).encode()
    told = served(
        app,
        ("POST", "/predict", body(shop.rows[0])),
        ("POST", "/predict", body(strange, "r-2")),
        ("POST", "/predict", body({**shop.rows[0], "support_calls": -9.0}, "r-3")),
        ("POST", "/predict/batch", many),
        ("POST", "/predict/batch", b'{"rows": []}'),
        ("GET", "/model", b""),
        ("GET", "/healthz", b""),
        ("GET", "/readyz", b""),
        ("GET", "/metrics", b""),
    )
    assert told.pop(2)[0] == 422
    assert [status for status, _ in told] == [200] * 8
    expected = OnnxPredictor(shop.graph, shop.trained.contract).predict(shop.rows[:3])
    assert told[0][1]["probability"] == pytest.approx(expected[0])
    assert told[0][1]["act"] is (expected[0] >= shop.trained.threshold)
    assert told[2][1]["probabilities"] == pytest.approx(expected)
    assert told[4][1]["version"] == 2
    assert "velvet_ml_predictions_total 5" in told[7][1]
    assert "velvet_ml_unseen_categories_total 1" in told[7][1]
    assert "velvet_ml_quarantined_total 1" in told[7][1]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [one["id"] for one in lines] == ["r-1", "r-2"]


def test_a_probability_at_the_threshold_is_acted_on(
    shop: Demo, served: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnnxPredictor, "predict", lambda _, rows: [0.25] * len(rows))
    for threshold, act in ((0.25, True), (0.26, False)):
        trained = dataclasses.replace(shop.trained, threshold=threshold)
        made = shop.registry.register("churn", shop.graph, trained)
        shop.registry.promote("churn", made.version, "production")
        told = served(create_app(shop.settings()), ("POST", "/predict", body(shop.rows[0])))
        assert told[0][1]["act"] is act


def test_a_promotion_changes_the_model_under_the_service(
    shop: Demo, served: Callable[..., Any]
) -> None:
    app = create_app(shop.settings(batched=True))
    ask = ("POST", "/predict", body(shop.rows[0]))
    assert served(app, ask)[0][1]["version"] == 2
    shop.registry.promote("churn", 1, "production")
    status, told = served(app, ask)[0]
    assert (status, told["version"]) == (200, 1)
    assert "velvet_ml_batches_total" in served(app, ("GET", "/metrics", b""))[0][1]


def test_a_version_that_cannot_be_loaded_leaves_the_one_before(
    shop: Demo, served: Callable[..., Any]
) -> None:
    app = create_app(shop.settings())
    sha256 = shop.registry.manifest("churn", 1).sha256
    shop.registry.promote("churn", 1, "production")
    (shop.registry.root / "blobs" / sha256[:2] / sha256).write_bytes(b"\x80damaged")
    status, told = served(app, ("POST", "/predict", body(shop.rows[0])))[0]
    assert (status, told["version"]) == (200, 2)
    assert "velvet_ml_models_refused_total 1" in served(app, ("GET", "/metrics", b""))[0][1]


def test_a_file_that_cannot_be_opened_for_a_moment_is_read_by_the_next_request(
    shop: Demo, served: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(shop.settings())
    shop.registry.promote("churn", 1, "production")
    read, failures = Registry.read, [PermissionError("another program has the file")]

    def at_second_try(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return read(*args)

    monkeypatch.setattr(Registry, "read", at_second_try)
    ask = ("POST", "/predict", body(shop.rows[0]))
    assert [told["version"] for _, told in served(app, ask, ask)] == [2, 1]


def test_a_version_with_other_columns_is_refused(shop: Demo, served: Callable[..., Any]) -> None:
    app = create_app(shop.settings())
    churn = data.make_churn(400, 1)
    narrow = Run("logreg", contract=infer(churn.features.drop(columns="region"))).execute(churn)
    graph = parity.to_graph(narrow.model, narrow.contract)
    made = shop.registry.register("churn", graph, narrow)
    shop.registry.promote("churn", made.version, "production")
    status, told = served(app, ("POST", "/predict", body(shop.rows[0])))[0]
    assert (status, told["version"]) == (200, 2)


def test_a_batch_over_a_promotion_keeps_the_model_of_each_row() -> None:
    class Constant:
        def __init__(self, p: float) -> None:
            self.p = p

        def predict(self, rows: Sequence[Row]) -> list[float]:
            return [self.p + row["x"] for row in rows]

    old, new = Constant(0.0), Constant(10.0)
    calls = [(old, {"x": 1}), (new, {"x": 2}), (old, {"x": 3})]
    assert together(calls) == [1.0, 12.0, 3.0]


def test_a_disk_that_is_full_is_no_acknowledgement(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = PredictionLog(str(tmp_path / "predictions.log"))
    monkeypatch.setattr("os.write", lambda _, line: len(line) - 1)
    with pytest.raises(OSError, match="bytes of the prediction log"):
        log.append("r-1", 0.5, 1)
    log.close()


def test_without_a_model_there_is_no_service(shop: Demo) -> None:
    (shop.registry.root / "state.json").unlink()
    with pytest.raises(ModelUnavailable, match="nothing is production of churn"):
        create_app(shop.settings())


def test_a_shadow_never_delays_an_answer() -> None:
    async def primary(row: Row) -> float:
        return float(row["x"])

    async def candidate(row: Row) -> float:
        if row["x"] == 1:
            raise RuntimeError("broken")
        if row["x"] == 2:
            await asyncio.Event().wait()
        return float(row["x"]) + (0.5 if row["x"] == 3 else 0.0)

    async def run() -> Any:
        async with Shadow(primary, candidate, timeout=0.02, max_queue=4) as shade:
            answers = [await shade.predict({"x": n}) for n in range(6)]
            assert answers == [float(n) for n in range(6)]
            await shade.drained()
            return shade.stats

    stats = asyncio.run(run())
    assert (stats.compared, stats.disagreed, stats.failed) == (2, 1, 2)
    assert stats.dropped == 2


@pytest.mark.parametrize(("errors", "slow"), [(0.2, 0.0), (0.0, 0.3)])
def test_a_bad_candidate_is_rolled_back(errors: float, slow: float) -> None:
    seen = lab.roll_out(errors, slow=slow, requests=12_000)
    assert seen.rolled_back
    assert seen.timeline[-1].percent == 0
    assert seen.timeline[-1].reason == f"rolled back: {'errors' if errors else 'slow'}"
    assert seen.harmed < 100


def test_a_good_candidate_reaches_all_users() -> None:
    seen = lab.roll_out(0.0, requests=14_000)
    assert [one.percent for one in seen.timeline] == [1, 5, 25, 50, 100]
    assert not seen.rolled_back


def test_a_user_stays_where_it_was_sent_while_the_share_grows() -> None:
    canary = Canary(per_step=1)
    users = [f"user-{number}" for number in range(2_000)]
    moved: set[str] = set()
    while not canary.done:
        now = {user for user in users if canary.route(user) == "candidate"}
        assert moved <= now
        moved = now
        canary.record("candidate", ok=True, ms=1.0)
    assert len({user for user in users if canary.route(user) == "candidate"}) == 2_000
    with pytest.raises(ValueError, match="rising percents"):
        Canary((5, 1, 100))
    with pytest.raises(ValueError, match="rising percents"):
        Canary((1, 50))


@pytest.mark.parametrize("name", ["serial", "threads"])
def test_engines_find_the_same_model(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "GRID", ((4, 1), (8, 3)))
    monkeypatch.setitem(scale.SIZES, "tiny", scale.Size(200, 10, 2))
    told = scale.fit_grid(name, "tiny")
    assert told.best in scale.GRID
    assert told.score == pytest.approx(scale.fit_grid("serial", "tiny").score)


def test_threads_of_forests_hide_the_false_alarm_and_no_other_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def warn(words: str) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(words, stacklevel=1)
        return 0.0

    alarm = "`sklearn.utils.parallel.delayed` should be used with `sklearn.utils.parallel.Parallel`"
    shown = warnings.showwarning
    warnings.showwarning = lambda message, *_: print(message)  # pytest records, it does not show
    try:
        with contenders.load("threads").running(2) as run:
            run(warn, [alarm, "a true one"], ())
    finally:
        warnings.showwarning = shown
    assert capsys.readouterr().out == "a true one\n"


def test_what_is_no_engine_or_size_is_refused() -> None:
    with pytest.raises(ValueError, match="'magic' is no engine"):
        contenders.load("magic")
    with pytest.raises(ValueError, match="size 'huge' with 2 workers"):
        scale.fit_grid("serial", "huge")
