"""httpx2: the maintained successor of httpx, with its API and a pool of its own."""

from __future__ import annotations

import httpx2

from velvet_http.contenders._httpx_family import FamilyTransport


class Transport(FamilyTransport):
    """An `httpx2.AsyncClient`."""

    name = "httpx2"
    library = httpx2
    cancel_safe = True
