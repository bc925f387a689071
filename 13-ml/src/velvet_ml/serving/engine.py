"""From rows to probabilities: a pipeline behind a DataFrame, a graph behind arrays, and batches.

Half to nearly all of what scikit-learn spends on one row is not the model: it is the frame, its
checks and its columns. A graph does the same work in microseconds. Where a model has no converter,
many requests that wait at the same time can share one call: `MicroBatcher` collects them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import pandas as pd

from velvet_ml.contracts import Contract
from velvet_ml.errors import ModelUnavailable, Overloaded, in_range
from velvet_ml.parity import open_session, row_feed

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Row = Mapping[str, Any]
Item = TypeVar("Item")


class Predictor(Protocol):
    """What serves."""

    def predict(self, rows: Sequence[Row]) -> list[float]:
        """Return a probability for each row of raw columns."""


class SklearnPredictor:
    """A pipeline; builds a DataFrame for each call."""

    def __init__(self, pipeline: Pipeline, contract: Contract) -> None:
        self._pipeline, self._contract = pipeline, contract

    def predict(self, rows: Sequence[Row]) -> list[float]:
        """Return a probability for each row of raw columns."""
        ready = pd.DataFrame([self._contract.prepare_row(row) for row in rows])
        return [float(one) for one in self._pipeline.predict_proba(ready)[:, 1]]


class OnnxPredictor:
    """A graph in one thread; safe for several callers."""

    def __init__(self, graph: bytes, contract: Contract) -> None:
        self._session, self._contract = open_session(graph), contract

    def predict(self, rows: Sequence[Row]) -> list[float]:
        """Return a probability for each row of raw columns."""
        ready = [self._contract.prepare_row(row) for row in rows]
        found = self._session.run(["probabilities"], row_feed(ready, self._contract))[0]
        return [float(one) for one in found[:, 1]]


PREDICTORS: Mapping[str, Callable[[Any, Contract], Predictor]] = {
    "skops": SklearnPredictor,
    "onnx": OnnxPredictor,
}


@dataclass
class BatchStats:
    """What the batcher did so far."""

    batches: int = 0
    rows: int = 0
    shed: int = 0


class MicroBatcher(Generic[Item]):
    """Collect rows that wait at the same time and predict them in one call.

    A row waits at most `max_wait_ms` for company. A call runs in a thread of its own, so that the
    loop keeps accepting. If a batch raises, its rows are tried one by one: only the bad one fails.
    For one event loop; use it with ``async with``.

    Args:
        max_queue: rows that may wait; one more is refused with `Overloaded`.
    """

    def __init__(
        self,
        predict: Callable[[Sequence[Item]], list[float]],
        *,
        max_batch: int = 32,
        max_wait_ms: float = 2.0,
        max_queue: int = 256,
    ) -> None:
        in_range("max_batch", max_batch, 1)
        in_range("max_queue", max_queue, 1)
        in_range("max_wait_ms", max_wait_ms, 0.0, 60_000.0)
        self._predict, self._max_batch, self._wait_s = predict, max_batch, max_wait_ms / 1e3
        self._max_queue = max_queue
        self._task: asyncio.Task[None] | None = None
        self.stats = BatchStats()

    async def __aenter__(self) -> MicroBatcher[Item]:
        self._queue: asyncio.Queue[tuple[Item, asyncio.Future[float]]] = asyncio.Queue(
            self._max_queue
        )
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="micro-batch")
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        task, self._task = self._task, None
        try:
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        finally:  # also when this task is cancelled, too
            while not self._queue.empty():
                waiting = self._queue.get_nowait()[1]
                if not waiting.done():
                    waiting.set_exception(ModelUnavailable("the batcher was closed"))
            self._pool.shutdown()

    async def submit(self, row: Item) -> float:
        """Return the probability for a row.

        Raises:
            Overloaded: the queue is full.
            ModelUnavailable: the batcher is not running.
        """
        if self._task is None:
            raise ModelUnavailable("the batcher is not running: use it with 'async with'")
        waiting = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((row, waiting))
        except asyncio.QueueFull:
            self.stats.shed += 1
            raise Overloaded(f"{self._max_queue} rows wait: come back later") from None
        return float(await waiting)

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            try:
                await self._fill(batch)
                await self._answer([one for one in batch if not one[1].done()])
            except asyncio.CancelledError:
                for _, waiting in batch:
                    if not waiting.done():
                        waiting.set_exception(ModelUnavailable("the batcher was closed"))
                raise

    async def _fill(self, batch: list[tuple[Item, asyncio.Future[float]]]) -> None:
        """Add rows that come within the wait, up to a full batch."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._wait_s
        while len(batch) < self._max_batch:
            if not self._queue.empty():
                batch.append(self._queue.get_nowait())
            elif (left := until - loop.time()) > 0:
                await asyncio.sleep(min(left, 0.001))
            else:
                return

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[float]]]) -> None:
        if not batch:
            return
        self.stats.batches += 1
        self.stats.rows += len(batch)
        loop = asyncio.get_running_loop()
        rows = [row for row, _ in batch]
        results = await loop.run_in_executor(self._pool, self._each, rows)
        for (_, waiting), result in zip(batch, results, strict=True):
            if waiting.done():  # its caller gave up meanwhile
                continue
            if isinstance(result, Exception):
                waiting.set_exception(result)
            else:
                waiting.set_result(result)

    def _each(self, rows: Sequence[Item]) -> list[float | Exception]:
        try:
            found: list[float | Exception] = list(self._predict(rows))
            if len(found) != len(rows):
                raise ValueError(f"the model gave {len(found)} answers for {len(rows)} rows")
            return found
        except Exception as error:  # noqa: BLE001 - whatever a model raises belongs to its row
            if len(rows) == 1:
                return [error]
            return [one for each in rows for one in self._each([each])]
