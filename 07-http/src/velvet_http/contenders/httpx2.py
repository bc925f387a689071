"""httpx2: the maintained successor of httpx, with its API and a pool of its own."""

from __future__ import annotations

import httpx2

from velvet_http.contenders._httpx_family import FamilyTransport, bare_get, repeat_get

NAME = "httpx2"


def bare(url: str, *, timeout: float) -> int:
    """GET as the documentation shows; return the bytes that were accepted."""
    return bare_get(httpx2, url, timeout)


async def repeat(url: str, count: int, width: int = 1) -> int:
    """GET `count` times over one client, `width` at a time."""
    return await repeat_get(httpx2, url, count, width)


class Transport(FamilyTransport):
    """An `httpx2.AsyncClient`."""

    name = NAME
    library = httpx2
    cancel_safe = True
