"""Predictions, bookkeeping and the arguments of the fetchers; real sockets are elsewhere."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet_concurrency import iobound
from velvet_concurrency.contenders import _frame as frame
from velvet_concurrency.contenders import aiohttp, httpx, serial, streams, threads
from velvet_concurrency.contenders._frame import BadReplyError, FetchResult
from velvet_concurrency.runtime import Unavailable, quantile

FETCHERS = [serial.fetch, threads.fetch, aiohttp.fetch, httpx.fetch, streams.fetch]
URL = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("n", "limit", "latency", "cpu", "seconds"),
    [
        (1000, 100, 0.1, 0.0, 1.0), (1000, 0, 0.1, 0.0, 0.1), (1001, 100, 0.1, 0.0, 1.1),
        (1000, 1, 0.1, 0.0, 100.0), (1000, 1000, 0.1, 0.0005, 0.6), (0, 0, 0.1, 1.0, 0.0),
        (0, 10, 0.1, 1.0, 0.0),
    ],
)  # fmt: skip
def test_waves_plus_cpu_is_the_prediction(
    n: int, limit: int, latency: float, cpu: float, seconds: float
) -> None:
    assert iobound.predict(n, limit, latency, cpu) == pytest.approx(seconds)


@given(n=st.integers(0, 5000), limit=st.integers(1, 500), more=st.integers(0, 500))
def test_a_higher_limit_is_never_predicted_slower(n: int, limit: int, more: int) -> None:
    assert iobound.predict(n, limit + more, 0.1) <= iobound.predict(n, limit, 0.1)


@pytest.mark.parametrize(
    "arguments", [(-1, 1, 0.1, 0.0), (1, -1, 0.1, 0.0), (1, 1, -0.1, 0.0), (1, 1, 0.1, -1.0)]
)
def test_negative_quantities_are_not_predicted(
    arguments: tuple[int, int, float, float],
) -> None:
    with pytest.raises(ValueError, match="must be >= 0"):
        iobound.predict(*arguments)


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 1))
def test_a_quantile_is_a_value_that_the_share_does_not_exceed(
    values: list[float], q: float
) -> None:
    found = quantile(values, q)

    assert found in values
    assert sum(value <= found for value in values) >= q * len(values) - 1e-9


@pytest.mark.parametrize(
    ("fetchers", "options", "message"),
    [
        (FETCHERS, {"n": -1}, "n must be an int >= 0"),
        (FETCHERS, {"timeout": 0.0}, "timeout must be finite and > 0"),
        (FETCHERS, {"deadline": 0.0}, "deadline must be > 0"),
        (FETCHERS[2:], {"limit": -1}, "limit must be an int >= 0"),
        ([threads.fetch], {"workers": 0}, "workers must be an int >= 1"),
    ],
)
def test_an_argument_out_of_range_is_refused_by_each_fetcher(
    fetchers: list[Callable[..., FetchResult]], options: dict[str, float], message: str
) -> None:
    for fetch in fetchers:
        with pytest.raises(ValueError, match=message):
            fetch(URL, **{"n": 1, **options})


@pytest.mark.parametrize(("name", "value"), [("rate", 0.0), ("seconds", float("inf"))])
def test_an_open_loop_needs_a_positive_rate_and_length(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be finite and > 0"):
        iobound.open_loop(URL, **{"rate": 1.0, "seconds": 1.0, name: value})


@pytest.mark.parametrize(("fetch", "package"), [(aiohttp.fetch, "aiohttp"), (httpx.fetch, "httpx")])
def test_a_missing_client_is_named_with_its_remedy(
    fetch: object, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(Unavailable, match=f"pip install {package}"):
        fetch(URL, 1)  # type: ignore[operator]


def test_importing_the_fetchers_imports_no_client() -> None:
    code = "import sys, velvet_concurrency.iobound; print({'aiohttp', 'httpx'} & set(sys.modules))"

    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=30
    )

    assert told.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["uvloop", "winloop"])
def test_the_fast_loop_that_is_installed_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"uvloop": "winloop", "winloop": "uvloop"}[name]
    fake = types.SimpleNamespace(run=asyncio.run)
    monkeypatch.setitem(sys.modules, other, None)
    monkeypatch.setitem(sys.modules, name, fake)

    async def answer() -> int:
        return 42

    assert frame.run(answer(), uvloop=True) == 42


def test_a_missing_fast_loop_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    monkeypatch.setitem(sys.modules, "winloop", None)

    async def answer() -> int:
        return 42

    with pytest.raises(Unavailable, match="pip install uvloop"):
        frame.run(answer(), uvloop=True)


@pytest.mark.asyncio
async def test_a_batch_counts_good_bad_and_late_replies() -> None:
    kinds = iter(["good", "bad", "late", "http"])
    never = asyncio.Event()

    async def get() -> None:
        kind = next(kinds)
        if kind == "bad":
            raise OSError
        if kind == "http":
            raise BadReplyError("HTTP 503")
        if kind == "late":
            await never.wait()

    result = await frame.batch(get, 4, deadline=0.05, failures=(OSError,))

    assert len(result.latencies) == 1
    assert result.errors == Counter({"OSError": 1, "HTTP 503": 1, "deadline": 1})


@pytest.mark.asyncio
async def test_a_bug_in_a_fetcher_is_not_counted_as_an_error() -> None:
    async def get() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await frame.batch(get, 1, deadline=None, failures=(OSError,))
