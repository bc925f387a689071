"""A payment peer on loopback: idempotent by key, with failures by a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any

import httpx

from velvet_testing.doubles import FakeGateway, GatewayError

STATUS = {"error": 500, "declined": 402}
PATIENCE_S, BUSY_S = 0.25, 60.0


class Peer:
    """Answers requests as the real peer would; the charges are kept in a fake gateway."""

    def __init__(self, *script: str) -> None:
        self.script, self.books = list(script), FakeGateway()
        self.keys: list[str] = []

    def answer(self, path: str, key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and body; status 0 for no answer."""
        if path == "/refunds":
            try:
                self.books.refund(body["receipt"])
            except GatewayError:
                return 404, {}
            return 200, {}
        self.keys.append(key)
        fate = self.script.pop(0) if self.script else "ok"
        if fate in STATUS:
            return STATUS[fate], {}
        if fate == "timeout":
            return 0, {}
        receipt = self.books.charge(key or f"none-{len(self.keys)}", body["cents"])
        return (0, {}) if fate == "slow" else (200, {"receipt": receipt})

    def client(self) -> httpx.Client:
        """Return a client whose transport asks this peer without a socket."""

        def handle(request: httpx.Request) -> httpx.Response:
            key = request.headers.get("Idempotency-Key", "")
            status, body = self.answer(request.url.path, key, json.loads(request.content))
            if status == 0:
                raise httpx.ReadTimeout("no answer", request=request)
            return httpx.Response(status, json=body)

        return httpx.Client(transport=httpx.MockTransport(handle), base_url="http://peer")


@contextmanager
def served(peer: Peer) -> Iterator[httpx.Client]:
    """Serve a peer on a free port of loopback; yields a client of it.

    The client is impatient where the peer will not answer, and only there: a busy machine is no
    time-out. Each request waits until the peer has read the one before.
    """
    silent, turn = Event(), Condition()
    count = {"sent": 0, "read": 0}

    def be_patient(request: httpx.Request) -> None:
        with turn:
            turn.wait_for(lambda: count["read"] == count["sent"], BUSY_S)
            count["sent"] += 1
            mute = request.url.path == "/charges" and peer.script[:1] in (["slow"], ["timeout"])
        waits = dict.fromkeys(("connect", "read", "write", "pool"), BUSY_S)
        request.extensions["timeout"] = {**waits, "read": PATIENCE_S} if mute else waits

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Idempotency-Key", "")
            status, answer = peer.answer(self.path, key, body)
            with turn:
                count["read"] += 1
                turn.notify_all()
            if status == 0:
                silent.wait(PATIENCE_S * 4)
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        hooks = {"request": [be_patient]}
        with httpx.Client(base_url=url, event_hooks=hooks, trust_env=False) as client:
            yield client
    finally:
        silent.set()
        server.shutdown()
        thread.join()
        server.server_close()
