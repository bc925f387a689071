"""What the interpreter and the machine allow."""

from __future__ import annotations

import asyncio
import os
import sys
import types

import pytest

from velvet_concurrency import runtime
from velvet_concurrency.structured import Runner


class FakeResource(types.ModuleType):
    RLIMIT_NOFILE = 7
    RLIM_INFINITY = -1

    def __init__(self, soft: int, hard: int, *, most: int) -> None:
        super().__init__("resource")
        self.soft, self.hard, self.most = soft, hard, most

    def getrlimit(self, which: int) -> tuple[int, int]:
        return self.soft, self.hard

    def setrlimit(self, which: int, limits: tuple[int, int]) -> None:
        if limits[0] > self.most:
            raise ValueError("current limit exceeds maximum limit")
        self.soft, self.hard = limits


def test_unavailable_names_the_remedy() -> None:
    error = runtime.Unavailable("numba", "it is not installed", "pip install numba")

    assert str(error) == "numba is unavailable: it is not installed (remedy: pip install numba)"
    assert str(runtime.Unavailable("x", "there is none")) == "x is unavailable: there is none"


@pytest.mark.parametrize(
    ("soft", "hard", "most", "asked", "given"),
    [
        pytest.param(256, 4096, sys.maxsize, 1000, 1000, id="raised to what was asked"),
        pytest.param(256, 4096, sys.maxsize, 10_000, 4096, id="stops at the hard limit"),
        pytest.param(2000, 4096, sys.maxsize, 100, 2000, id="is never lowered"),
        pytest.param(256, -1, 10_240, 50_000, 10_240, id="unlimited, but not meant so"),
        pytest.param(256, 4096, 0, 1000, 256, id="refused: the old one stays"),
    ],
)
def test_the_limit_of_descriptors(
    soft: int, hard: int, most: int, asked: int, given: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeResource(soft, hard, most=most)
    monkeypatch.setitem(sys.modules, "resource", fake)

    assert runtime.raise_fd_limit(asked) == given
    assert fake.getrlimit(7) == (given, hard)


def test_windows_needs_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)

    assert runtime.raise_fd_limit(1000) == 1000


@pytest.mark.parametrize("n", [0, -1])
def test_a_limit_that_is_not_positive_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="n must be an int >= 1"):
        runtime.raise_fd_limit(n)


def test_cores_are_counted_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert runtime.usable_cores() == 1


def test_a_runner_runs_more_than_once_on_one_loop() -> None:
    async def which() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    with Runner() as runner:
        assert runner.run(which()) is runner.run(which())
