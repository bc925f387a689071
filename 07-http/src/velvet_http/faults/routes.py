"""The well-behaved half of the server: a small paginated, authenticated, rate-limited JSON API.

Its state is in plain attributes of `Api`, so that a test can look at it and change it between two
requests, which is what real services do to their clients.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from velvet_http.faults.kinds import End, Fault, head
from velvet_http.guard import TokenBucket
from velvet_http.model import Headers
from velvet_http.simulate import QueueServer

TOKEN = "velvet-token"  # noqa: S105 - it opens nothing but a list on loopback
_BLOCK = bytes(range(256)) * 4096  # 1 MiB
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')  # no browser sends a quote inside
Fields = dict[str, str | int]


def pattern(size: int, version: int = 0) -> bytes:
    """Return the bytes that `/range` serves."""
    return (bytes((byte + version) % 256 for byte in range(256)) * (size // 256 + 1))[:size]


def respond(code: int, body: Any = b"", /, **fields: str | int) -> Fault:
    """Return a correct answer; what is not bytes is sent as JSON."""
    headers: Fields = {name.replace("_", "-"): value for name, value in fields.items()}
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    headers["Content-Length"] = len(body)
    return Fault(f"{code}", (head(f"{code} Answer", headers) + body,), size=len(body))


def after(seconds: float, fault: Fault) -> Fault:
    """Return an answer, late."""
    return replace(fault, steps=(seconds, *fault.steps))


@dataclass(frozen=True)
class _Call:
    method: str
    path: str
    rest: str
    query: dict[str, str]
    headers: Headers
    body: bytes

    def number(self, name: str, default: float) -> float:
        return float(self.query.get(name, default))


def _described(head: bytes, content: bytes) -> dict[str, Any]:
    """Return the header fields, the names and the digest of a part."""
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
    names = dict(_PARAMETER.findall(fields["Content-Disposition"]))
    digest = hashlib.sha256(content).hexdigest()
    return {**names, "fields": fields, "size": len(content), "sha256": digest}


@dataclass
class Api:
    """The service: its items (newest first), how many arrive after each page, and its charges."""

    items: list[int] = field(default_factory=lambda: list(range(100, 0, -1)))
    inserts: int = 0
    charges: list[int] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    paid: dict[str, Fault] = field(default_factory=dict)
    bucket: TokenBucket = field(default_factory=lambda: TokenBucket(20, burst=5))
    queue: QueueServer = field(default_factory=lambda: QueueServer(100, 200))

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Fault:
        """Return what the API says to a request."""
        parts = urlsplit(target)
        name, _, rest = parts.path.lstrip("/").partition("/")
        route: Callable[[_Call], Fault] | None = getattr(self, f"get_{name}", None)
        if route is None:
            return respond(404, {"error": f"no route {parts.path}"})
        self.hits[name] += 1
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            return route(_Call(method, parts.path, rest, query, headers, body))
        except ValueError as error:
            return respond(400, {"error": str(error)})

    def get_json(self, call: _Call) -> Fault:
        """A JSON object of about `size` bytes."""
        return respond(200, {"text": "x" * int(call.number("size", 1000))})

    def get_slow(self, call: _Call) -> Fault:
        """An answer after `ms` milliseconds."""
        return after(call.number("ms", 50) / 1000, respond(200, {"slow": True}))

    def get_bytes(self, call: _Call) -> Fault:
        """`/bytes/<MiB>`: a body that costs the server no memory."""
        count = int(call.rest)
        size = count * len(_BLOCK)
        return Fault("bytes", (head("200 OK", {"Content-Length": size}), *[_BLOCK] * count))

    def get_items(self, call: _Call) -> Fault:
        """A page: `?page=` counts from the top and shifts, `?cursor=` continues after an item.

        With `limited`, 20 requests a second and five at once; what is above gets 429.
        """
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return respond(401, {"error": "a bearer token is needed"}, WWW_Authenticate="Bearer")
        if "limited" in call.query and self.bucket.reserve(time.monotonic()) > 0:
            return respond(429, {"error": "too many requests"}, Retry_After=1)
        size, number = int(call.number("size", 10)), int(call.number("page", 1))
        fields: Fields = {}
        if "cursor" in call.query:
            cursor = int(call.query["cursor"] or 10**9)
            page = [item for item in self.items if item < cursor][:size]
            more = bool(page) and page[-1] > min(self.items)
            body: Any = {"items": page, "next": str(page[-1]) if more else None}
        else:
            body = {"items": self.items[(number - 1) * size : number * size]}
            if number * size < len(self.items):
                fields["Link"] = f'<{call.path}?page={number + 1}&size={size}>; rel="next"'
        self.items[:0] = range(self.items[0] + self.inserts, self.items[0], -1)
        return respond(200, body, **fields)

    def get_etag(self, call: _Call) -> Fault:
        """`/etag/<version>?cc=<Cache-Control>`: a validator, and 304 for a client that has it."""
        fields: Fields = {"ETag": f'"{call.rest}"', "Vary": "Accept-Language"}
        fields["Cache-Control"] = call.query.get("cc", "max-age=60")
        if f'"{call.rest}"' in (call.headers.get("if-none-match") or ""):
            return respond(304, b"", **fields)
        return respond(200, f"version {call.rest} ".encode() * 100, **fields)

    def get_range(self, call: _Call) -> Fault:
        """`/range/<bytes>?cut=k&change_at=m`: answers break after k bytes; the m-th has changed."""
        size, cut, start, code = int(call.rest), int(call.number("cut", 0)), 0, "200 OK"
        changed = int(self.hits["range"] >= call.number("change_at", 10**9))
        fields: Fields = {"ETag": f'"v{changed}"', "Accept-Ranges": "bytes"}
        wanted, condition = call.headers.get("range"), call.headers.get("if-range")
        if wanted and condition in (None, fields["ETag"]):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= size:
                return respond(416, b"", Content_Range=f"bytes */{size}")
            code = "206 Partial Content"
            fields["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        body = pattern(size, changed)[start:]
        sent, end = (body[:cut], End.CLOSE) if 0 < cut < len(body) else (body, End.KEEP)
        return Fault("range", (head(code, {**fields, "Content-Length": len(body)}) + sent,), end)

    def get_pay(self, call: _Call) -> Fault:
        """Charge an amount, once per Idempotency-Key; `?lose=1` loses each key's first answer."""
        key = call.headers.get("idempotency-key") or ""
        if key in self.paid:
            return self.paid[key]
        self.charges.append(int(json.loads(call.body)["amount"]))
        answer = respond(201, {"charge": len(self.charges)})
        if key:
            self.paid[key] = answer
        return Fault("lost", (), End.CLOSE) if "lose" in call.query else answer

    def get_upload(self, call: _Call) -> Fault:
        """A form (RFC 7578): what came as each part."""
        kind, _, boundary = (call.headers.get("content-type") or "").partition("; boundary=")
        before, *parts = (b"\r\n" + call.body).split(b"\r\n--" + boundary.encode())
        if kind != "multipart/form-data" or before or not parts or parts.pop() != b"--\r\n":
            raise ValueError("this is no whole form")
        return respond(200, {"parts": [_described(*part.split(b"\r\n\r\n", 1)) for part in parts]})

    def get_work(self, call: _Call) -> Fault:
        """A service with a queue: `/work/setup?capacity=&queue=&from=&to=`, `/work/count`."""
        now = time.monotonic()
        if call.rest == "setup":
            down = (now + call.number("from", 0), now + call.number("to", 0))
            capacity, queue = call.number("capacity", 100), int(call.number("queue", 200))
            self.queue, self.hits["work"] = QueueServer(capacity, queue, down), 0
        if call.rest:
            return respond(200, {"count": self.hits["work"] - 1})
        done = self.queue.arrive(now)
        if done is None:
            return respond(503)
        if done == float("inf"):
            return Fault("outage", (), End.STALL)
        return after(done - now, respond(200, {"done": True}))
