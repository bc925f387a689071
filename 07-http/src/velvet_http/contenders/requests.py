"""requests: the best known, blocking, urllib3 below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar

from velvet_http.client import Settings
from velvet_http.contenders._sockets import limited, translate
from velvet_http.contenders.urllib3 import DeadlinePool, Exchange
from velvet_http.model import Deadline, Headers, Request, Timeouts


class _Adapter(HTTPAdapter):
    """An adapter with a pool that keeps our deadline and blocks when it is full."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__(pool_maxsize=settings.pool, pool_block=True, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **_: Any
    ) -> None:
        """Make the pool with a TLS context that is made once, not once a request."""
        self.poolmanager = DeadlinePool(
            num_pools=connections,
            maxsize=maxsize,
            block=block,
            ssl_context=self._settings.context(),
        )

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keep the context of the pool; requests would put certifi's bundle beside it."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        pool.pop("ca_certs", None)
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the context, which always verifies."""


class _Pieces:
    """A body in pieces; requests asks for its length by this name, and sends chunks for 0."""

    def __init__(self, pieces: Iterable[bytes], headers: Headers) -> None:
        self._pieces, self.len = pieces, int(headers.get("content-length") or 0)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


class Transport:
    """A `Session` without cookies, proxies or anything else from outside; thread-safe."""

    name, blocking, cancel_safe = "requests", True, True

    def __init__(self, settings: Settings) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(settings))

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> Exchange:
        with limited(timeouts, deadline) as limit:
            body: Any = limit.paced(request.body)
            if isinstance(body, Iterator):
                body = _Pieces(body, request.headers)
            try:
                response = self._session.request(
                    request.method,
                    request.url,
                    data=body,
                    headers=dict(request.headers),
                    timeout=(limit.clipped(timeouts.connect), limit.clipped(timeouts.read)),
                    allow_redirects=False,
                    stream=True,
                )
            except Exception as error:
                raise translate(error, "head") from error
        return Exchange(response.raw)

    async def close(self) -> None:
        self._session.close()
