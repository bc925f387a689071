"""What httpx and its successor httpx2 have in common: everything but their pools."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import ModuleType
from typing import Any

import anyio

from velvet_http import errors
from velvet_http.client import Settings, outgoing, within
from velvet_http.model import Deadline, Request, Timeouts


class _Exchange:
    def __init__(self, library: ModuleType, response: Any, deadline: Deadline | None) -> None:
        self._library, self._response, self._deadline = library, response, deadline
        self._pieces = response.aiter_raw()
        self.status: int = response.status_code
        self.fields: list[tuple[str, str]] = response.headers.multi_items()

    async def read(self) -> bytes:
        try:
            return await within(self._deadline, self._next())
        except self._library.HTTPError as error:
            raise translate(self._library, error, body=True) from error

    async def _next(self) -> bytes:
        async for piece in self._pieces:
            if piece:
                return bytes(piece)
        return b""

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            await self._pieces.aclose()
            await self._response.aclose()


class FamilyTransport:
    """An `AsyncClient` of either library."""

    name: str
    library: ModuleType
    blocking = False
    cancel_safe: bool

    def __init__(self, settings: Settings) -> None:
        self._client = self.library.AsyncClient(
            verify=settings.context(),
            http2=settings.http2,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=self.library.Limits(max_connections=settings.pool),
        )

    async def open(
        self, request: Request, timeouts: Timeouts, deadline: Deadline | None
    ) -> _Exchange:
        try:
            prepared = self._client.build_request(
                request.method,
                request.url,
                headers=list(request.headers),
                content=outgoing(request.body),
                timeout=self.library.Timeout(
                    timeouts.read, connect=timeouts.connect, pool=timeouts.pool
                ),
            )
            response = await within(deadline, self._client.send(prepared, stream=True))
        except (self.library.HTTPError, self.library.InvalidURL) as error:  # of a redirect
            raise translate(self.library, error, body=False) from error
        return _Exchange(self.library, response, deadline)

    async def close(self) -> None:
        await self._client.aclose()


def translate(library: ModuleType, error: Exception, *, body: bool) -> errors.HttpError:
    """Return our error for one of the library's."""
    text = str(error) or type(error).__name__
    if isinstance(error, library.PoolTimeout):
        return errors.PoolTimeout(text)
    if isinstance(error, library.ConnectTimeout):
        return errors.ConnectTimeout(text)
    if isinstance(error, library.TimeoutException):
        return errors.ReadTimeout(text)
    if isinstance(error, library.ConnectError):
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return errors.TlsError(text)
            cause = cause.__cause__ or cause.__context__
        return errors.ConnectError(text)
    lost = ("without sending a response", "ConnectionTerminated", "StreamReset")
    if isinstance(error, library.NetworkError) or any(word in text for word in lost):
        if body:
            return errors.TruncatedBody(f"the connection broke in the body: {text}")
        return errors.ConnectionLost(text)
    if "without sending complete" in text or "incomplete" in text:
        return errors.TruncatedBody(text)
    return errors.ProtocolViolation(text)
