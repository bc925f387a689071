"""HTTP/2: many answers on one connection, and a server that says goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from velvet_http import errors
from velvet_http.client import Settings
from velvet_http.comparisons.h2server import H2Server
from velvet_http.contenders import connect, connect_async
from velvet_http.faults import FaultServer, LocalCA, fault
from velvet_http.model import Headers, Request

BOTH = ["httpx", "httpx2"]


@pytest.fixture
def h2(authority: LocalCA) -> Iterator[FaultServer]:
    with H2Server(tls=authority.issue()) as server:
        yield server
        assert server.settle()


@pytest.mark.parametrize("name", BOTH)
def test_http2_is_negotiated_and_carries_bodies(
    h2: FaultServer, authority: LocalCA, name: str
) -> None:
    with connect(name, Settings(ca_file=authority.ca_file, http2=True)) as client:
        response = client.get(h2.url("/json"))
        large = client.get(h2.url("/json?size=50000"))
        post = client.request(Request("POST", h2.url("/json"), Headers(), b"x" * 100_000))

    assert response.status == post.status == 200
    assert len(large.body) > 50_000
    assert len(h2.journal[-1].body) == 100_000
    assert h2.counters.connects == 1


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_fifty_requests_share_a_connection(h2: FaultServer, authority: LocalCA, name: str) -> None:
    async def run() -> set[int]:
        settings = Settings(ca_file=authority.ca_file, http2=True)
        async with connect_async(name, settings) as client:
            await client.get(h2.url("/json"))
            many = (client.get(h2.url("/slow?ms=50")) for _ in range(50))
            return {response.status for response in await asyncio.gather(*many)}

    assert asyncio.run(run()) == {200}
    assert h2.counters.connects == 1


@pytest.mark.parametrize("name", BOTH)
def test_goaway_is_a_lost_connection_and_the_next_call_has_a_new_one(
    h2: FaultServer, authority: LocalCA, name: str
) -> None:
    url = h2.script("/bye", [fault("goaway")])
    with connect(name, Settings(ca_file=authority.ca_file, http2=True)) as client:
        with pytest.raises(errors.ConnectionLost) as raised:
            client.get(url)
        assert raised.value.retryable
        assert client.get(h2.url("/json")).status == 200

    assert h2.counters.connects == 2
