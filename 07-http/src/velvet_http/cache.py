"""A private or shared HTTP cache after RFC 9111: pure decisions, a store, a client.

The decisions (`storable`, `freshness_lifetime`, `current_age`, `decide`, `update_from_304`,
`invalidates`) take time as an argument and touch nothing. Times are seconds since the epoch,
as Date and Expires speak of; what a clock says, and a server's status, is passed through.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any, Literal
from urllib.request import parse_http_list
from weakref import WeakValueDictionary

from velvet_http.client import Client
from velvet_http.errors import DeadlineExceeded, HttpError
from velvet_http.model import Clock, Deadline, Headers, Request, Response, http_date

# Cacheable by default (RFC 9110 section 15.1); 206 is not, because parts are not combined here.
_HEURISTIC = (200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501)
_FOREVER = 2**31  # what a delta-seconds that is too large means (section 1.2.2)
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
Directives = dict[str, str | None]
Decision = Literal["hit", "stale", "revalidate", "miss", "refuse"]


@dataclass(frozen=True)
class Entry:
    """A stored response: asked for and received when, and chosen by which fields (`key`)."""

    url: str
    key: tuple[tuple[str, str], ...]
    status: int
    headers: Headers
    body: bytes
    requested: float
    received: float

    @property
    def size(self) -> int:
        """Bytes that it takes: an entry without a body is no free entry."""
        head = sum(len(name) + len(value) + 100 for name, value in (*self.headers, *self.key))
        return len(self.body) + len(self.url) + head + 500

    def matches(self, request: Request) -> bool:
        """Return whether it was chosen by the same header values (RFC 9111 section 4.1)."""
        return all(_normal(request.headers.get(name)) == value for name, value in self.key)


def _normal(value: str | None) -> str:
    return " ".join((value or "").split())


def directives(headers: Headers) -> Directives:
    """Return the directives of Cache-Control; the first of equal names wins.

    >>> directives(Headers({"Cache-Control": 'max-age="60", no-cache="Set-Cookie, Age", private'}))
    {'max-age': '60', 'no-cache': 'Set-Cookie, Age', 'private': None}
    """
    found: Directives = {}
    text = headers.get("cache-control")
    if text is None and "no-cache" in (headers.get("pragma") or ""):
        return {"no-cache": None}
    for part in parse_http_list(text or ""):
        name, equals, value = part.partition("=")
        if name:
            found.setdefault(name.lower(), value.strip('"') if equals else None)
    return found


def seconds(text: str | None) -> int | None:
    """Return delta-seconds, None for what is no whole number."""
    return int(min(float(text), _FOREVER)) if text and text.isascii() and text.isdigit() else None


def storable(request: Request, status: int, headers: Headers, *, shared: bool = False) -> bool:
    """Return whether a response may be kept (RFC 9111 section 3)."""
    asked, said = directives(request.headers), directives(headers)
    if request.method != "GET" or status < 200 or status == 206 or "no-store" in asked:
        return False
    if "must-understand" in said:
        if status not in (*_HEURISTIC, 302, 307):
            return False
    elif "no-store" in said:
        return False
    if headers.get("vary") == "*" or (shared and "private" in said):
        return False
    permits = {"public", "s-maxage", "must-revalidate"} & said.keys()
    if shared and "authorization" in request.headers and not permits:
        return False
    explicit = {"public", "max-age"} | ({"s-maxage"} if shared else {"private"})
    return bool(explicit & said.keys()) or "expires" in headers or status in _HEURISTIC


def freshness_lifetime(headers: Headers, *, shared: bool = False) -> float:
    """Return for how many seconds a response is fresh (section 4.2.1); there is no heuristic."""
    said = directives(headers)
    for name in ("s-maxage", "max-age") if shared else ("max-age",):
        if name in said:
            return float(seconds(said[name]) or 0)  # an invalid one means stale
    date, expires = http_date(headers.get("date")), http_date(headers.get("expires"))
    return 0.0 if expires is None or date is None else max(0.0, expires - date)  # junk: expired


def current_age(entry: Entry, now: float) -> float:
    """Return the age of a stored response (section 4.2.3)."""
    date = http_date(entry.headers.get("date"))
    apparent = max(0.0, entry.received - (entry.received if date is None else date))
    corrected = (seconds(entry.headers.get("age")) or 0) + (entry.received - entry.requested)
    return max(apparent, corrected) + max(0.0, now - entry.received)


def vary_key(request: Request, headers: Headers) -> tuple[tuple[str, str], ...]:
    """Return the request's values of the fields that Vary names (section 4.1)."""
    names = sorted({name.strip().lower() for name in (headers.get("vary") or "").split(",")} - {""})
    return tuple((name, _normal(request.headers.get(name))) for name in names)


def decide(request: Request, entry: Entry | None, now: float, *, shared: bool = False) -> Decision:
    """Return what to do (sections 4 and 5.2.1); `stale` answers and asks anew meanwhile (RFC 5861)."""
    asked = directives(request.headers)
    refuse = "only-if-cached" in asked
    if entry is None or request.method not in ("GET", "HEAD"):
        return "refuse" if refuse else "miss"
    said = directives(entry.headers)
    age = current_age(entry, now)
    lifetime = freshness_lifetime(entry.headers, shared=shared)
    wanted = lifetime if (limit := seconds(asked.get("max-age"))) is None else min(lifetime, limit)
    fresh = age + (seconds(asked.get("min-fresh")) or 0) < wanted
    if fresh and "no-cache" not in asked and ("no-cache" not in said or said["no-cache"]):
        return "hit"
    if not _strict(shared) & said.keys() and "no-cache" not in asked and "min-fresh" not in asked:
        staleness = age - lifetime
        allowed = seconds(asked["max-stale"]) if asked.get("max-stale") else _FOREVER
        if "max-stale" in asked and staleness <= (allowed or 0):
            return "hit"
        window = seconds(said.get("stale-while-revalidate"))
        if window is not None and "max-age" not in asked and staleness <= window:
            return "stale"
    if refuse:
        return "refuse"
    return "revalidate" if validators(entry) else "miss"


def _strict(shared: bool) -> set[str]:
    """Return the directives that forbid a stale answer (section 5.2.2, items 2, 8 and 10)."""
    return {"must-revalidate", "no-cache", *(("proxy-revalidate", "s-maxage") if shared else ())}


def validators(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Return the conditions that ask whether an entry still holds (section 4.3.1)."""
    pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
    return tuple((name, entry.headers[field]) for field, name in pairs if field in entry.headers)


def may_serve_on_error(request: Request, entry: Entry, now: float, *, shared: bool = False) -> bool:
    """Return whether a stale response may stand in for a failure (RFC 5861 section 4)."""
    said = directives(entry.headers)
    if _strict(shared) & said.keys():
        return False
    allowed = said.get("stale-if-error", directives(request.headers).get("stale-if-error"))
    staleness = current_age(entry, now) - freshness_lifetime(entry.headers, shared=shared)
    return staleness <= (seconds(allowed) or 0)


def update_from_304(entry: Entry, headers: Headers, *, requested: float, received: float) -> Entry:
    """Return the entry with the fields of a 304 (section 3.2); the length stays that of the body."""
    fresh = headers.without("content-length", "content-encoding", "content-type", *_HOP_BY_HOP)
    kept = entry.headers.without(*(name for name, _ in fresh), "age")
    return replace(entry, headers=Headers([*kept, *fresh]), requested=requested, received=received)


def invalidates(request: Request, status: int) -> bool:
    """Return whether a response makes what is stored for its address useless (section 4.4)."""
    return request.method not in ("GET", "HEAD", "OPTIONS", "TRACE") and 200 <= status < 400


class MemoryStore:
    """Responses by address; what was unused longest goes when they exceed `max_bytes`.

    Thread-safe; each operation takes time in the variants of one address.
    """

    def __init__(self, max_bytes: int = 50 * 2**20) -> None:
        if not max_bytes >= 0:
            raise ValueError(f"max_bytes is a number of bytes from 0 up, not {max_bytes}")
        self.max_bytes = max_bytes
        self.bytes = 0
        self._entries: OrderedDict[str, list[Entry]] = OrderedDict()
        self._lock = threading.RLock()

    def find(self, request: Request) -> Entry | None:
        """Return the latest entry that a request selects."""
        with self._lock:
            found = self._entries.get(request.url, [])
            if found:
                self._entries.move_to_end(request.url)
        return next((each for each in found if each.matches(request)), None)

    def put(self, entry: Entry) -> None:
        """Keep an entry instead of the one with the same address and key."""
        with self._lock:
            others = [each for each in self.drop(entry.url) if each.key != entry.key]
            self._entries[entry.url] = [entry, *others]
            self.bytes += sum(each.size for each in self._entries[entry.url])
            while self.bytes > self.max_bytes:
                self.drop(next(iter(self._entries)))

    def drop(self, url: str) -> list[Entry]:
        """Forget an address; return what was kept for it."""
        with self._lock:
            gone = self._entries.pop(url, [])
            self.bytes -= sum(each.size for each in gone)
        return gone


class CachingClient:
    """A client that answers from a store where RFC 9111 allows it.

    Each response carries `X-Velvet-Cache: hit, stale, revalidated or miss`. Concurrent misses for
    one address make one request: the others wait for its answer. Thread-safe when the client is.

    Args:
        background: runs the refresh of stale-while-revalidate, such as `executor.submit`.
    """

    def __init__(
        self,
        client: Client,
        store: MemoryStore,
        *,
        shared: bool = False,
        wall: Clock = time.time,
        background: Callable[[Callable[[], object]], object] = lambda refresh: refresh(),
    ) -> None:
        self._client, self._store, self._shared = client, store, shared
        self._wall, self._background = wall, background
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()

    def get(self, url: str, **headers: str) -> Response:
        """Return the response to a GET."""
        return self.request(Request("GET", url).with_headers(**headers))

    def request(self, request: Request, **limits: Any) -> Response:
        """Return a stored or a new response; `limits` are those of the client.

        Raises:
            HttpError: the origin failed, and nothing stored may stand in.
        """
        found = self._stored(request, limits)
        if found is not None:
            return found
        if request.method != "GET":
            response = self._client.request(request, **limits)
            if invalidates(request, response.status):
                self._store.drop(request.url)
            return response
        alone = self._lock_of(request.url)
        deadline: Deadline | None = limits.get("deadline")
        patience = -1.0 if deadline is None else max(0.0, deadline.remaining())
        if not alone.acquire(timeout=patience):
            raise DeadlineExceeded("the deadline passed while another thread asked for the same")
        try:  # that thread may have stored it meanwhile
            return self._stored(request, limits) or self._fetch(request, limits)
        finally:
            alone.release()

    def _stored(self, request: Request, limits: dict[str, Any]) -> Response | None:
        entry = self._store.find(request)
        decision = decide(request, entry, self._wall(), shared=self._shared)
        if decision == "refuse":
            return Response(504, Headers({"X-Velvet-Cache": "miss"}), b"", request.url)
        if entry is None or decision not in ("hit", "stale"):
            return None
        if decision == "stale":
            self._background(lambda: self._refresh(request, limits))
        return self._answer(request, entry, decision)

    def _lock_of(self, url: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(url, threading.Lock())

    def _refresh(self, request: Request, limits: dict[str, Any]) -> None:
        """Ask anew unless another thread does; the caller has its answer, whatever happens here."""
        alone = self._lock_of(request.url)
        if alone.acquire(blocking=False):
            try:
                with contextlib.suppress(HttpError):
                    self._fetch(request, limits)
            finally:
                alone.release()

    def _answer(self, request: Request, entry: Entry, how: str) -> Response:
        age = int(current_age(entry, self._wall()))
        headers = entry.headers.with_field("Age", str(age)).with_field("X-Velvet-Cache", how)
        body = b"" if request.method == "HEAD" else entry.body
        return Response(entry.status, headers, body, request.url)

    def _may_stand_in(self, request: Request, entry: Entry) -> bool:
        return may_serve_on_error(request, entry, self._wall(), shared=self._shared)

    def _fetch(self, request: Request, limits: dict[str, Any]) -> Response:
        entry = self._store.find(request)
        asked = request if entry is None else request.with_headers(**dict(validators(entry)))
        requested = self._wall()
        try:
            response = self._client.request(asked, **limits)
        except HttpError:
            if entry is None or not self._may_stand_in(request, entry):
                raise
            return self._answer(request, entry, "stale")
        received = self._wall()
        if "date" not in response.headers:  # RFC 9110 section 6.6.1
            dated = response.headers.with_field("Date", formatdate(received, usegmt=True))
            response = replace(response, headers=dated)
        if entry is not None and response.status >= 500 and self._may_stand_in(request, entry):
            return self._answer(request, entry, "stale")
        if response.status == 304 and entry is not None:
            fresh = update_from_304(entry, response.headers, requested=requested, received=received)
            self._store.put(fresh)
            return self._answer(request, fresh, "revalidated")
        kept = response.headers.without(*_HOP_BY_HOP, "content-encoding", "content-length")
        if storable(request, response.status, response.headers, shared=self._shared):
            key = vary_key(request, response.headers)
            new = Entry(request.url, key, response.status, kept, response.body, requested, received)
            self._store.put(new)
        return replace(response, headers=response.headers.with_field("X-Velvet-Cache", "miss"))
