"""Group commit: many independent appends share one wait for the disk, and none loses durability.

The wait for a disk hardly depends on how much is flushed. One writer thread takes what has
gathered, stores each append behind a savepoint, commits once, and only then answers. An append that
is refused is rolled back alone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future

from velvet_architecture.adapters.sqlite import SqliteEventStore
from velvet_architecture.domain import whole
from velvet_architecture.ports import (
    AppendResult,
    Expected,
    NewEvent,
    StoreUnavailable,
    StreamAppend,
)

Answer = Future[AppendResult]


class GroupCommitStore:
    """An event store whose appends are committed in groups; reads go to the inner store.

    Args:
        max_batch: appends in one commit.
        max_wait_ms: milliseconds that the first of a group waits for others.
    """

    def __init__(
        self, inner: SqliteEventStore, *, max_batch: int = 64, max_wait_ms: float = 2.0
    ) -> None:
        whole("max_batch", max_batch)
        if not 0 <= max_wait_ms <= 60_000:
            raise ValueError(f"max_wait_ms must be from 0 to 60,000, not {max_wait_ms!r}")
        self.inner, self._max_batch, self._max_wait_s = inner, max_batch, max_wait_ms / 1e3
        self.append_many = inner.append_many  # a transaction of its own
        self.read, self.read_all = inner.read, inner.read_all
        self.head, self.stream_version = inner.head, inner.stream_version
        self._waiting: queue.Queue[tuple[StreamAppend, Answer] | None] = queue.Queue()
        self._closing = threading.Lock()
        self._closed = False
        self.groups = 0
        self._writer = threading.Thread(target=self._write, name="group-commit", daemon=True)
        self._writer.start()

    def submit(self, append: StreamAppend) -> Answer:
        """Queue an append; its future is done when the append is durable, or refused."""
        answer: Answer = Future()
        with self._closing:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            self._waiting.put((append, answer))
        return answer

    def append(
        self, stream: str, events: Sequence[NewEvent], *, expected: int = Expected.ANY
    ) -> AppendResult:
        """Store events of one stream; returns when they are durable."""
        return self.submit(StreamAppend(stream, tuple(events), expected)).result()

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, until = [first], time.monotonic() + self._max_wait_s
            while len(group) < self._max_batch:
                try:
                    more = self._waiting.get(timeout=max(0.0, until - time.monotonic()))
                except queue.Empty:
                    break
                if more is None:  # closing: this group first
                    self._waiting.put(None)
                    break
                group.append(more)
            self._commit(group)

    def _commit(self, group: list[tuple[StreamAppend, Answer]]) -> None:
        group = [one for one in group if one[1].set_running_or_notify_cancel()]
        try:
            answers = self.inner.append_group([append for append, _ in group])
        except Exception as error:  # noqa: BLE001 - the group failed, and every caller is told
            for _, answer in group:
                answer.set_exception(error)
            return
        self.groups += 1
        for (_, answer), told in zip(group, answers, strict=True):
            if isinstance(told, AppendResult):
                answer.set_result(told)
            else:
                answer.set_exception(told)

    def close(self) -> None:
        """Commit what waits, end the writer, close the inner store."""
        with self._closing:
            closed, self._closed = self._closed, True
            if not closed:
                self._waiting.put(None)
        self._writer.join()
        self.inner.close()
