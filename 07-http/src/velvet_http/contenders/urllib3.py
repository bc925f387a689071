"""urllib3: the pool that requests and botocore stand on."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from velvet_http.client import Settings
from velvet_http.contenders._sockets import DeadlineResponse, current, limited, translate
from velvet_http.model import Deadline, Request, Timeouts


class _Pool(HTTPConnectionPool):
    def _get_conn(self, timeout: float | None = None) -> Any:
        """Wait for a connection only so long; requests would wait for ever."""
        limit = current()
        if timeout is None and limit is not None:
            timeout = limit.clipped(limit.pool)
        connection: Any = super()._get_conn(timeout)
        if limit is not None:
            limit.connections[:] = [connection]
        connection.response_class = DeadlineResponse
        return connection


class _TlsPool(_Pool, HTTPSConnectionPool):
    """The same over TLS."""


class DeadlinePool(urllib3.PoolManager):
    """A `PoolManager` with connections that keep our deadline."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        self.pools.dispose_func = lambda pool: pool.close()  # not when garbage is collected


class Exchange:
    """A response of urllib3, read undecoded."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self._ended = False
        self.status = response.status
        self.fields = list(response.headers.items())

    async def read(self) -> bytes:
        try:
            piece = self._response.read1(65_536, decode_content=False)
        except Exception as error:
            raise translate(error, "body") from error
        self._ended = not piece
        return piece

    async def close(self) -> None:
        if not self._ended:
            self._response.close()
        self._response.release_conn()


class Transport:
    """A `PoolManager`; thread-safe."""

    name, blocking, cancel_safe = "urllib3", True, True

    def __init__(self, settings: Settings) -> None:
        self._pool = DeadlinePool(
            maxsize=settings.pool, block=True, ssl_context=settings.context(), retries=False
        )

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> Exchange:
        with limited(timeouts, deadline) as limit:
            try:
                response = self._pool.urlopen(
                    request.method,
                    request.url,
                    redirect=False,
                    body=limit.paced(request.body),
                    headers=dict(request.headers),
                    timeout=urllib3.Timeout(
                        connect=limit.clipped(timeouts.connect), read=limit.clipped(timeouts.read)
                    ),
                    pool_timeout=limit.clipped(timeouts.pool),
                    retries=False,
                    preload_content=False,
                    decode_content=False,
                )
            except Exception as error:
                raise translate(error, "head") from error
        return Exchange(response)

    async def close(self) -> None:
        self._pool.clear()
