"""What the interpreter and the machine allow."""

from __future__ import annotations

import os
import sys
import types

import pytest

from velvet_concurrency import runtime


class FakeResource(types.ModuleType):
    RLIMIT_NOFILE = 7
    RLIM_INFINITY = -1

    def __init__(self, soft: int, hard: int, *, most: int = sys.maxsize) -> None:
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


def test_the_limit_is_raised_to_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeResource(256, 4096)
    monkeypatch.setitem(sys.modules, "resource", fake)

    assert runtime.raise_fd_limit(1000) == 1000
    assert fake.getrlimit(7) == (1000, 4096)


def test_the_limit_stops_at_the_hard_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", FakeResource(256, 4096))

    assert runtime.raise_fd_limit(10_000) == 4096


def test_the_limit_is_never_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeResource(2000, 4096)
    monkeypatch.setitem(sys.modules, "resource", fake)

    assert runtime.raise_fd_limit(100) == 2000
    assert fake.soft == 2000


def test_an_unlimited_hard_limit_that_is_not_meant_so_is_approached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeResource(256, -1, most=10_240)
    monkeypatch.setitem(sys.modules, "resource", fake)

    assert runtime.raise_fd_limit(50_000) == 10_240
    assert fake.hard == -1


def test_a_refused_limit_leaves_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", FakeResource(256, 4096, most=0))

    assert runtime.raise_fd_limit(1000) == 256


def test_windows_needs_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)

    assert runtime.raise_fd_limit(1000) == 1000


@pytest.mark.parametrize("n", [0, -1])
def test_a_limit_that_is_not_positive_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match="n must be >= 1"):
        runtime.raise_fd_limit(n)


def test_cores_are_counted_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert runtime.usable_cores() == 1
