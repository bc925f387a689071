"""httpx 0.28: one API for blocking and asyncio, HTTP/2; its last release is of December 2024."""

from __future__ import annotations

import httpx

from velvet_http.contenders._httpx_family import FamilyTransport


class Transport(FamilyTransport):
    """An `httpx.AsyncClient`; a request cancelled while it waits keeps its place for ever."""

    name = "httpx"
    library = httpx
    cancel_safe = False  # encode/httpcore issue 1093
