"""One map under four models."""

from __future__ import annotations

import concurrent.futures
import functools
import math
import operator
import os
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from velvet_concurrency import pools
from velvet_concurrency.pools import Mode, cpu_map
from velvet_concurrency.runtime import Unavailable


@pytest.mark.parametrize("mode", ["serial", "threads"])
def test_results_come_in_the_order_of_the_items(mode: Mode) -> None:
    assert cpu_map(math.factorial, range(6), mode=mode, workers=3) == [1, 1, 2, 6, 24, 120]
    assert cpu_map(abs, [], mode=mode) == []


def test_processes_compute_elsewhere_and_keep_the_order() -> None:
    numbers = cpu_map(math.sqrt, [4.0, 9.0, 16.0], mode="processes", workers=1, chunksize=2)

    assert numbers == [2.0, 3.0, 4.0]


def test_threads_share_the_process() -> None:
    seen = cpu_map(lambda _: os.getpid(), range(3), mode="threads", workers=2)

    assert set(seen) == {os.getpid()}


def test_workers_default_to_the_usable_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def executor(mode: Mode, workers: int) -> ThreadPoolExecutor:
        asked.append(workers)
        return ThreadPoolExecutor(1)

    monkeypatch.setattr(pools, "usable_cores", lambda: 7)
    monkeypatch.setattr(pools, "_executor", executor)

    cpu_map(abs, [1], mode="threads")

    assert asked == [7]


def test_an_error_of_the_function_propagates_and_cancels_the_rest() -> None:
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        raise LookupError(item)

    with pytest.raises(LookupError):
        cpu_map(fail, range(1000), mode="threads", workers=1)

    assert len(begun) < 1000


def test_interpreters_say_which_python_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(concurrent.futures, "InterpreterPoolExecutor", raising=False)

    with pytest.raises(Unavailable, match=r"Python 3\.14 or later"):
        cpu_map(abs, [1], mode="interpreters")


def test_interpreters_are_used_where_they_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        concurrent.futures, "InterpreterPoolExecutor", ThreadPoolExecutor, raising=False
    )

    assert cpu_map(abs, [-1, -2], mode="interpreters", workers=2) == [1, 2]


def test_windows_pools_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda n, **_: asked.append(n))
    monkeypatch.setattr(sys, "platform", "win32")

    pools._executor("processes", 100)

    assert asked == [61]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "fibers"}, "mode must be"),
        ({"workers": 0}, "workers must be an int >= 1"),
        ({"chunksize": 0}, "chunksize must be an int >= 1"),
    ],
)
def test_arguments_out_of_range_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cpu_map(abs, [1], **options)  # type: ignore[arg-type]


def test_a_partial_of_a_function_can_be_sent() -> None:
    pools.check_sendable(functools.partial(operator.add, 1))


def test_outside_of_a_worker_there_is_no_parent_to_die_with() -> None:
    before = threading.active_count()

    pools.die_with_parent()

    assert threading.active_count() == before


def test_a_worker_ends_when_its_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    ends, child_of = os.pipe(), types.SimpleNamespace()
    child_of.sentinel = ends[0]
    exits: list[int] = []
    gone = threading.Event()
    monkeypatch.setattr(pools.multiprocessing, "parent_process", lambda: child_of)
    monkeypatch.setattr(pools.os, "_exit", lambda code: (exits.append(code), gone.set()))
    if sys.platform == "win32":
        pytest.skip("a pipe is no process handle: the sentinel cannot be faked on Windows")

    pools.die_with_parent()
    os.close(ends[1])

    assert gone.wait(10.0)
    assert exits == [1]
    os.close(ends[0])
