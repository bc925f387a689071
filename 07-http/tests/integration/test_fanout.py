"""Many addresses: bounded sockets, bounded rate, failures as results, and a clean end."""

from __future__ import annotations

import asyncio

import pytest

from velvet_http.client import Settings
from velvet_http.contenders import connect_async
from velvet_http.errors import TruncatedBody
from velvet_http.fanout import Result, fetch_all
from velvet_http.faults import FaultServer, fault


@pytest.fixture(params=["aiohttp", "httpx2"])
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


async def collect(name: str, urls: list[str], **settings: int) -> list[Result]:
    async with (
        connect_async(name, Settings(pool=50)) as client,
        fetch_all(client, urls, **settings) as results,
    ):
        return [result async for result in results]


def test_every_address_has_one_result_and_sockets_stay_bounded(
    server: FaultServer, name: str
) -> None:
    broken = server.script("/broken", [fault("truncated length")])
    urls = [server.url(f"/json?n={n}") for n in range(60)] + [broken, "not an address"]

    results = asyncio.run(collect(name, urls, concurrency=8))

    assert sorted(result.url for result in results) == sorted(urls)
    failed = {result.url: type(result.error) for result in results if result.error}
    assert failed == {broken: TruncatedBody, "not an address": ValueError}
    assert server.counters.max_open <= 9


def test_the_rate_is_kept(server: FaultServer) -> None:
    urls = [server.url("/json")] * 40

    asyncio.run(collect("aiohttp", urls, concurrency=20, rate=100))

    times = [entry.at for entry in server.journal]
    assert 39 / (times[-1] - times[0]) <= 120


def test_leaving_early_cancels_the_rest_and_closes_everything(server: FaultServer) -> None:
    taken = iter(range(10**6))

    async def run() -> None:
        async with connect_async("aiohttp") as client:
            urls = (server.url(f"/slow?ms=5&n={n}") for n in taken)
            async with fetch_all(client, urls, concurrency=5) as results:
                seen = 0
                async for _ in results:
                    seen += 1
                    if seen == 10:
                        break

    asyncio.run(run())

    assert next(taken) < 100, "addresses are read lazily"
    assert server.settle()


def test_settings_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        asyncio.run(collect("aiohttp", [], concurrency=0))
