"""The libraries as their own documentation calls them: one call, and many over one session.

`bare(name)` returns `get(url, timeout) -> bytes accepted`; `repeat(name)` returns a function of
address, count and (for asyncio libraries) requests in flight.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib
import importlib.util
import io
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

LIBRARIES = ("http_client", "urllib3", "requests", "aiohttp", "httpx2", "httpx", "pycurl")
NEEDS = {name: () if name == "http_client" else (name,) for name in LIBRARIES}


def available() -> list[str]:
    """Return the libraries that are installed."""
    return [name for name in LIBRARIES if name == "http_client" or importlib.util.find_spec(name)]


def bare(name: str) -> Callable[[str, float], int]:
    """Return a call as the documentation of `name` shows it."""
    return _BARE[name]


def repeat(name: str) -> Callable[..., Any]:
    """Return many calls over one session of `name`; a coroutine function for asyncio libraries."""
    return _REPEAT[name]


def _http_client(url: str, timeout: float, count: int = 1) -> int:
    host, total = urlsplit(url).netloc, 0
    with closing(http.client.HTTPConnection(host, timeout=timeout)) as connection:
        for _ in range(count):
            connection.request("GET", url.partition(host)[2])
            total += len(connection.getresponse().read())
    return total


def _urllib3(url: str, timeout: float) -> int:
    import urllib3

    retries = urllib3.Retry(5, connect=0, read=0, other=0, respect_retry_after_header=False)
    with urllib3.PoolManager() as pool:
        return len(pool.request("GET", url, timeout=timeout, retries=retries).data)


def _urllib3_many(url: str, count: int) -> int:
    import urllib3

    with urllib3.PoolManager() as pool:
        return sum(len(pool.request("GET", url, timeout=30).data) for _ in range(count))


def _requests(url: str, timeout: float) -> int:
    import requests

    return len(requests.get(url, timeout=timeout).content)


def _requests_many(url: str, count: int) -> int:
    import requests

    with requests.Session() as session:
        return sum(len(session.get(url, timeout=30).content) for _ in range(count))


def _aiohttp(url: str, timeout: float) -> int:
    import aiohttp

    async def get() -> int:
        # The total (300 s by default) ends what sock_read does not: a later packet that is no HTTP.
        limit = aiohttp.ClientTimeout(8 * timeout, sock_connect=timeout, sock_read=timeout)
        async with aiohttp.ClientSession(timeout=limit) as session, session.get(url) as response:
            return len(await response.read())

    return asyncio.run(get())


async def _aiohttp_many(url: str, count: int, width: int = 1) -> int:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=width)) as session:

        async def some(share: int) -> int:
            total = 0
            for _ in range(share):
                async with session.get(url) as response:
                    total += len(await response.read())
            return total

        return sum(await asyncio.gather(*(some(count // width) for _ in range(width))))


def _httpx(name: str) -> Callable[[str, float], int]:
    def get(url: str, timeout: float) -> int:
        library = importlib.import_module(name)
        return len(library.get(url, timeout=timeout, follow_redirects=True).content)

    return get


def httpx_many(name: str, **settings: Any) -> Callable[..., Any]:
    """Return many calls over one client of httpx or httpx2; the TLS context is made once."""

    async def many(url: str, count: int, width: int = 1) -> int:
        from velvet_http.client import Settings

        library = importlib.import_module(name)
        verify = settings.get("verify") or Settings().context()
        limits = library.Limits(max_connections=settings.get("connections", width))
        http2 = settings.get("http2", False)
        async with library.AsyncClient(
            limits=limits, timeout=30, verify=verify, http2=http2
        ) as client:

            async def some(share: int) -> int:
                return sum([len((await client.get(url)).content) for _ in range(share)])

            return sum(await asyncio.gather(*(some(count // width) for _ in range(width))))

    return many


def _pycurl(url: str, timeout: float, count: int = 1) -> int:
    pycurl = importlib.import_module("pycurl")
    curl, total = pycurl.Curl(), 0
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.setopt(pycurl.ACCEPT_ENCODING, "")
    curl.setopt(pycurl.TIMEOUT_MS, int(timeout * 1000))
    try:
        for _ in range(count):
            buffer = io.BytesIO()
            curl.setopt(pycurl.WRITEDATA, buffer)
            curl.perform()
            total += len(buffer.getvalue())
    finally:
        curl.close()
    return total


_BARE: dict[str, Callable[[str, float], int]] = {
    "http_client": _http_client,
    "urllib3": _urllib3,
    "requests": _requests,
    "aiohttp": _aiohttp,
    "httpx2": _httpx("httpx2"),
    "httpx": _httpx("httpx"),
    "pycurl": _pycurl,
}
_REPEAT: dict[str, Callable[..., Any]] = {
    "http_client": lambda url, count: _http_client(url, 30, count),
    "urllib3": _urllib3_many,
    "requests": _requests_many,
    "aiohttp": _aiohttp_many,
    "httpx2": httpx_many("httpx2"),
    "httpx": httpx_many("httpx"),
    "pycurl": lambda url, count: _pycurl(url, 30, count),
}
