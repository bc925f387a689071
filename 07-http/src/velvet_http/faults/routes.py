"""The well-behaved half of the server: a small paginated, authenticated, rate-limited JSON API.

Its state is in plain attributes of `Api`, so that a test can look at it and change it between two
requests, which is what real services do to their clients.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from velvet_http.faults.kinds import End, Fault, head, status
from velvet_http.guard import TokenBucket
from velvet_http.model import Headers
from velvet_http.simulate import QueueServer

TOKEN = "velvet-token"  # noqa: S105 - it opens nothing but a list on loopback
_BLOCK = bytes(range(256)) * 4096  # 1 MiB


def pattern(size: int, version: int = 0) -> bytes:
    """Return the bytes that `/range` and `/bytes` serve."""
    block = bytes((byte + version) % 256 for byte in range(256))
    return (block * (size // 256 + 1))[:size]


@dataclass(frozen=True)
class Call:
    """One request to the API, taken apart."""

    method: str
    path: str
    rest: str
    query: dict[str, str]
    headers: Headers
    body: bytes

    def number(self, name: str, default: float) -> float:
        """Return a number of the query.

        Raises:
            ValueError: it is none.
        """
        return float(self.query.get(name, default))


def respond(code: int, body: Any = b"", /, **fields: str | int) -> Fault:
    """Return a correct answer; what is not bytes is sent as JSON."""
    headers: dict[str, str | int] = {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    headers["Content-Length"] = len(body)
    return Fault(f"{code}", (head(f"{code} Answer", headers) + body,), size=len(body))


def after(seconds: float, fault: Fault) -> Fault:
    """Return an answer, late."""
    return Fault(fault.name, (seconds, *fault.steps), fault.end, fault.size)


@dataclass
class Api:
    """The state of the service.

    Attributes:
        items: newest first, as most lists of the web are.
        inserts: items that arrive after each page that is served.
        charges: amount charged by each accepted payment.
        hits: requests per route.
    """

    items: list[int] = field(default_factory=lambda: list(range(100, 0, -1)))
    inserts: int = 0
    charges: list[int] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    paid: dict[str, Fault] = field(default_factory=dict)
    bucket: TokenBucket = field(default_factory=lambda: TokenBucket(20, burst=5))
    queue: QueueServer = field(default_factory=lambda: QueueServer(100, 200))
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    async def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Fault:
        """Return what the API says to a request."""
        parts = urlsplit(target)
        name, _, rest = unquote(parts.path).lstrip("/").partition("/")
        route: Callable[[Call], Fault] | None = getattr(self, f"get_{name}", None)
        if route is None:
            return respond(404, {"error": f"no route {parts.path}"})
        self.hits[name] += 1
        call = Call(
            method,
            parts.path,
            rest,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers,
            body,
        )
        try:
            return route(call)
        except ValueError as error:
            return respond(400, {"error": str(error)})

    def get_json(self, call: Call) -> Fault:
        """A JSON object of about `size` bytes."""
        return respond(200, {"text": "x" * int(call.number("size", 1000))})

    def get_slow(self, call: Call) -> Fault:
        """An answer after `ms` milliseconds."""
        return after(call.number("ms", 50) / 1000, respond(200, {"slow": True}))

    def get_bimodal(self, _: Call) -> Fault:
        """10 ms mostly, 200 ms in three of a hundred: the fat tail that hedging is for."""
        return after(0.2 if self.rng.random() < 0.03 else 0.01, respond(200, {"tail": True}))

    def get_echo(self, call: Call) -> Fault:
        """What arrived."""
        return respond(
            200, {"method": call.method, "headers": list(call.headers), "size": len(call.body)}
        )

    def get_bytes(self, call: Call) -> Fault:
        """`/bytes/<MiB>`: a body that costs the server no memory."""
        count = int(call.rest)
        fields: dict[str, str | int] = {"Content-Length": count * len(_BLOCK)}
        return Fault(
            "bytes", (head("200 OK", fields), *([_BLOCK] * count)), size=count * len(_BLOCK)
        )

    def get_items(self, call: Call) -> Fault:
        """A page: `?page=` counts from the top, `?cursor=` continues after an item.

        The first shifts when items arrive at the top, the second does not.
        """
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return respond(401, {"error": "a bearer token is needed"}, WWW_Authenticate="Bearer")
        size = int(call.number("size", 10))
        if "cursor" in call.query:
            cursor = int(call.query["cursor"] or 10**9)
            page = [item for item in self.items if item < cursor][:size]
            more = bool(page) and page[-1] > min(self.items)
            answer = respond(200, {"items": page, "next": str(page[-1]) if more else None})
        else:
            number = int(call.number("page", 1))
            page = self.items[(number - 1) * size : number * size]
            fields: dict[str, str | int] = {}
            if number * size < len(self.items):
                fields["Link"] = f'<{call.path}?page={number + 1}&size={size}>; rel="next"'
            answer = respond(200, {"items": page}, **fields)
        for _ in range(self.inserts):
            self.items.insert(0, self.items[0] + 1)
        return answer

    def get_limited(self, _: Call) -> Fault:
        """20 requests a second, five at once; what is above gets 429 and Retry-After."""
        wait = self.bucket.reserve(time.monotonic())
        if wait == 0:
            return respond(200, {"limited": False})
        self.bucket = TokenBucket(20, burst=5) if wait > 1 else self.bucket
        return respond(429, {"error": "too many requests"}, Retry_After=1)

    def get_etag(self, call: Call) -> Fault:
        """`/etag/<version>?cc=<Cache-Control>`: a validator, and 304 to whoever has it already."""
        tag, cc = f'"{call.rest}"', call.query.get("cc", "max-age=60")
        fields: dict[str, str | int] = {"ETag": tag, "Cache-Control": cc, "Vary": "Accept-Language"}
        fields["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        if tag in (call.headers.get("if-none-match") or ""):
            return respond(304, b"", **fields)
        return respond(200, f"version {call.rest} ".encode() * 100, **fields)

    def get_range(self, call: Call) -> Fault:
        """`/range/<bytes>?cut=k&change_at=m`: each answer breaks after k bytes; the m-th has changed."""
        size, cut = int(call.rest), int(call.number("cut", 0))
        changed = self.hits["range"] >= call.number("change_at", 10**9)
        data, tag = pattern(size, int(changed)), f'"v{int(changed)}"'
        fields: dict[str, str | int] = {"ETag": tag, "Accept-Ranges": "bytes"}
        wanted, condition = call.headers.get("range"), call.headers.get("if-range")
        start, code = 0, "200 OK"
        if wanted and condition in (None, tag):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= size:
                return respond(416, b"", Content_Range=f"bytes */{size}", **fields)
            code = "206 Partial Content"
            fields["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        fields["Content-Length"] = size - start
        body = data[start:]
        if cut and len(body) > cut:
            return Fault("cut", (head(code, fields) + body[:cut],), End.CLOSE, size)
        return Fault("range", (head(code, fields) + body,), size=size)

    def get_pay(self, call: Call) -> Fault:
        """Charge an amount, once per Idempotency-Key; `?lose=1` loses each key's first answer."""
        key = call.headers.get("idempotency-key") or ""
        if key in self.paid:
            return self.paid[key]
        self.charges.append(int(json.loads(call.body)["amount"]))
        answer = respond(201, {"charge": len(self.charges)})
        if key:
            self.paid[key] = answer
        return Fault("lost", (), End.CLOSE) if "lose" in call.query else answer

    def get_work(self, call: Call) -> Fault:
        """A service with a queue; `/work/setup?capacity=&queue=&from=&to=` sets it, `/work/count` counts."""
        now = time.monotonic()
        if call.rest == "setup":
            down = (now + call.number("from", 0), now + call.number("to", 0))
            self.queue = QueueServer(
                call.number("capacity", 100), int(call.number("queue", 200)), down
            )
            self.hits["work"] = 0
            return respond(200, {"ready": True})
        if call.rest == "count":
            return respond(200, {"count": self.hits["work"] - 1})
        done = self.queue.arrive(now)
        if done is None:
            return status(503)
        if done == float("inf"):
            return Fault("outage", (), End.STALL)
        return after(done - now, respond(200, {"done": True}))
