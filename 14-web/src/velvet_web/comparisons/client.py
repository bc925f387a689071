"""One client for the checks, whether the front end is in this process or behind a socket.

The in-process transports speak ASGI and WSGI directly, so a check runs in a millisecond and needs
neither a port nor a test client of one of the frameworks that are judged.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

HOST = "127.0.0.1"
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """A response: its status, its headers in order, and its whole body."""

    status: int
    headers: Headers
    body: bytes

    def get(self, name: str) -> str | None:
        """Return the first header of a name, or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Transport(Protocol):
    """What carries one request; `port` is the part of `Host` after the name."""

    @property
    def authority(self) -> str: ...

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Answer: ...


@dataclass
class Client:
    """Send requests and remember the last exchange, so that a failed check can show it."""

    transport: Transport
    last: tuple[str, str, Headers, bytes, Answer | None] = field(
        default=("", "", (), b"", None), repr=False
    )

    def request(
        self,
        method: str,
        target: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request; a body that is not bytes is sent as JSON."""
        given = {name.lower(): value for name, value in (headers or {}).items()}
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        if body is not None:
            given.setdefault("content-type", "application/json")
        if raw or method in ("POST", "PATCH"):
            given.setdefault("content-length", str(len(raw)))
        given.setdefault("host", self.transport.authority)
        sent = tuple((name, value) for name, value in given.items() if value)
        self.last = (method, target, sent, raw, None)
        answer = self.transport.send(method, target, sent, raw)
        self.last = (method, target, sent, raw, answer)
        return answer

    def curl(self) -> str:
        """Return the last request as a command line."""
        method, target, headers, body, _ = self.last
        shown = [f"-H '{name}: {value}'" for name, value in headers if name != "content-length"]
        data = f" --data-raw '{body[:200].decode('utf-8', 'replace')}'" if body else ""
        address = f"http://{self.transport.authority}{target}"
        return f"curl -i -X {method} {' '.join(shown)}{data} '{address}'"


class InAsgi:
    """Call an ASGI application in an event loop of its own."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(1))  # requests come one at a time
        self.authority = f"{HOST}:8000"

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Run one request to its end."""
        return self._loop.run_until_complete(self._call(method, target, headers, body))

    async def _call(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "headers": raw,
            "client": (HOST, 40000),
            "server": (HOST, 8000),
            "state": {},
        }
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []
        whole = asyncio.Event()

        async def receive() -> Any:
            if messages:
                return messages.pop()
            await whole.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                whole.set()

        try:
            await self._app(scope, receive, send)
        except Exception:
            # Frameworks answer 500 and raise on, so that a server can log what it was.
            if not sent:
                raise
        start = sent[0]
        found = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in start["headers"])
        return Answer(start["status"], found, b"".join(one.get("body", b"") for one in sent[1:]))

    def close(self) -> None:
        """Close the loop and the threads that it started."""
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class InWsgi:
    """Call a WSGI application."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.authority = f"{HOST}:8000"

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Run one request to its end."""
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path).encode("utf-8").decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        started: list[Any] = []

        def start(status: str, found: list[tuple[str, str]], *_: Any) -> Any:
            started[:] = [int(status[:3]), tuple(found)]

        iterable = self._app(environ, start)
        try:
            content = b"".join(iterable)
        finally:
            getattr(iterable, "close", lambda: None)()
        return Answer(started[0], started[1], content)

    def close(self) -> None:
        """Nothing to close."""


class OverSocket:
    """Send each request over a connection that is kept while the server keeps it."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.authority = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(self.authority, timeout=timeout)

    def send(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Send one request; a connection that was closed while idle is opened again, once."""
        for last_try in (False, True):
            try:
                self._connection.putrequest(
                    method, target, skip_host=True, skip_accept_encoding=True
                )
                for name, value in headers:
                    self._connection.putheader(name, value)
                self._connection.endheaders(body or None)
                response = self._connection.getresponse()
                content = response.read()
                return Answer(response.status, tuple(response.getheaders()), content)
            except (ConnectionError, http.client.BadStatusLine):
                self._connection.close()
                if last_try:
                    raise
        raise AssertionError("the second try returned or raised")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def in_process(app: Any, interface: str) -> InAsgi | InWsgi:
    """Return the transport for an application of an interface."""
    return InAsgi(app) if interface == "asgi" else InWsgi(app)
