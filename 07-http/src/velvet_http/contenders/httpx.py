"""httpx 0.28: one API for blocking and asyncio, HTTP/2; its last release is of December 2024."""

from __future__ import annotations

import httpx

from velvet_http.contenders._httpx_family import FamilyTransport, bare_get, repeat_get

NAME = "httpx"


def bare(url: str, *, timeout: float) -> int:
    """GET as the documentation shows; return the bytes that were accepted."""
    return bare_get(httpx, url, timeout)


async def repeat(url: str, count: int, width: int = 1) -> int:
    """GET `count` times over one client, `width` at a time."""
    return await repeat_get(httpx, url, count, width)


class Transport(FamilyTransport):
    """An `httpx.AsyncClient`; a request cancelled while it waits keeps its place for ever."""

    name = NAME
    library = httpx
    cancel_safe = False  # encode/httpcore issue 1093
