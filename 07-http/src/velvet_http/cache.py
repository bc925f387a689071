"""A private or shared HTTP cache after RFC 9111: pure decisions, two stores, one client.

The decisions (`storable`, `freshness_lifetime`, `current_age`, `decide`, `update_from_304`,
`invalidates`) take time as an argument and touch nothing. Times are seconds since the epoch,
because that is what Date and Expires speak of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate, parsedate_to_datetime
from typing import Literal

from velvet_http.client import DEFAULT_MAX_BODY, Client
from velvet_http.errors import HttpError
from velvet_http.model import Clock, Deadline, Headers, Request, Response
from velvet_http.store import Entry, Store

# Cacheable by default (RFC 9110 section 15.1); 206 is not, because parts are not combined here.
_HEURISTIC = (200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501)
_UNDERSTOOD = (*_HEURISTIC, 302, 307)
_FOREVER = 2**31  # what a delta-seconds that is too large means (section 1.2.2)
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
Directives = dict[str, str | None]


@dataclass(frozen=True)
class Decision:
    """What to do with a request, given what is stored.

    Attributes:
        kind: `hit`: answer from the store; `stale`: answer, and revalidate meanwhile;
            `revalidate`: ask with `conditions`; `miss`: ask; `refuse`: 504, as only-if-cached wants.
    """

    kind: Literal["hit", "stale", "revalidate", "miss", "refuse"]
    conditions: tuple[tuple[str, str], ...] = ()


def directives(headers: Headers) -> Directives:
    """Return the directives of Cache-Control; the first of equal names wins.

    >>> directives(Headers({"Cache-Control": 'max-age="60", no-cache="Set-Cookie, Age", private'}))
    {'max-age': '60', 'no-cache': 'Set-Cookie, Age', 'private': None}
    """
    found: Directives = {}
    text = headers.get("cache-control")
    if text is None and "no-cache" in (headers.get("pragma") or ""):
        return {"no-cache": None}
    inside, part = False, ""
    for sign in (text or "") + ",":
        if sign == '"':
            inside = not inside
        elif sign == "," and not inside:
            name, equals, value = part.strip().partition("=")
            if name:
                found.setdefault(name.lower(), value if equals else None)
            part = ""
        else:
            part += sign
    return found


def seconds(value: str | None) -> int | None:
    """Return delta-seconds, None for what is no whole number."""
    return min(int(value), _FOREVER) if value and value.isascii() and value.isdigit() else None


def http_date(value: str | None) -> float | None:
    """Return the second of an HTTP date, None for what is none."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def storable(request: Request, status: int, headers: Headers, *, shared: bool = False) -> bool:
    """Return whether a response may be kept (RFC 9111 section 3)."""
    asked, said = directives(request.headers), directives(headers)
    if request.method != "GET" or status < 200 or status == 206 or "no-store" in asked:
        return False
    if "must-understand" in said:
        if status not in _UNDERSTOOD:
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


def freshness_lifetime(headers: Headers, *, shared: bool = False, heuristic: bool = False) -> float:
    """Return for how many seconds a response is fresh (section 4.2.1).

    Args:
        heuristic: use a tenth of the time since Last-Modified when nothing explicit is said.
    """
    said = directives(headers)
    for name in ("s-maxage", "max-age") if shared else ("max-age",):
        if name in said:
            return float(seconds(said[name]) or 0)  # an invalid one means stale
    date = http_date(headers.get("date"))
    if "expires" in headers:
        expires = http_date(headers.get("expires"))  # "0" and other junk: already expired
        return max(0.0, expires - date) if expires is not None and date is not None else 0.0
    modified = http_date(headers.get("last-modified"))
    if heuristic and modified is not None and date is not None:
        return max(0.0, (date - modified) / 10)
    return 0.0


def current_age(entry: Entry, now: float) -> float:
    """Return the age of a stored response (section 4.2.3)."""
    date = http_date(entry.headers.get("date"))
    apparent = max(0.0, entry.received - (entry.received if date is None else date))
    corrected = (seconds(entry.headers.get("age")) or 0) + (entry.received - entry.requested)
    return max(apparent, corrected) + max(0.0, now - entry.received)


def vary_key(request: Request, headers: Headers) -> tuple[tuple[str, str], ...]:
    """Return the request's values of the fields that Vary names (section 4.1)."""
    names = sorted({name.strip().lower() for name in (headers.get("vary") or "").split(",")} - {""})
    return tuple((name, " ".join((request.headers.get(name) or "").split())) for name in names)


def decide(
    request: Request,
    entry: Entry | None,
    now: float,
    *,
    shared: bool = False,
    heuristic: bool = False,
) -> Decision:
    """Return what to do (sections 4 and 5.2.1, RFC 5861 for stale-while-revalidate)."""
    asked = directives(request.headers)
    refuse = "only-if-cached" in asked
    if entry is None or request.method not in ("GET", "HEAD"):
        return Decision("refuse" if refuse else "miss")
    said = directives(entry.headers)
    age = current_age(entry, now)
    lifetime = freshness_lifetime(entry.headers, shared=shared, heuristic=heuristic)
    wanted = lifetime if (limit := seconds(asked.get("max-age"))) is None else min(lifetime, limit)
    fresh = age + (seconds(asked.get("min-fresh")) or 0) < wanted
    strict = {"must-revalidate", "no-cache"} | (
        {"proxy-revalidate", "s-maxage"} if shared else set()
    )
    if fresh and "no-cache" not in asked and ("no-cache" not in said or said["no-cache"]):
        return Decision("hit")
    if not strict & said.keys() and "no-cache" not in asked and "min-fresh" not in asked:
        staleness = age - lifetime
        allowed = seconds(asked["max-stale"]) if asked.get("max-stale") else _FOREVER
        if "max-stale" in asked and staleness <= (allowed or 0):
            return Decision("hit")
        window = seconds(said.get("stale-while-revalidate"))
        if window is not None and "max-age" not in asked and staleness <= window:
            return Decision("stale")
    if refuse:
        return Decision("refuse")
    pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
    conditions = [(name, entry.headers[field]) for field, name in pairs if field in entry.headers]
    return Decision("revalidate", tuple(conditions)) if conditions else Decision("miss")


def may_serve_on_error(request: Request, entry: Entry, now: float, *, shared: bool = False) -> bool:
    """Return whether a stale response may stand in for a failure (RFC 5861 section 4)."""
    said = directives(entry.headers)
    if {"must-revalidate", "no-cache"} & said.keys():
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
        store: Store,
        *,
        shared: bool = False,
        heuristic: bool = False,
        wall: Clock = time.time,
        background: Callable[[Callable[[], object]], object] = lambda refresh: refresh(),
    ) -> None:
        self._client, self._store = client, store
        self._shared, self._heuristic = shared, heuristic
        self._wall, self._background = wall, background
        self._locks: dict[str, tuple[threading.Lock, list[int]]] = {}
        self._guard = threading.Lock()

    def get(self, url: str, **headers: str) -> Response:
        """Return the response to a GET."""
        return self.request(Request("GET", url).with_headers(**headers))

    def request(
        self,
        request: Request,
        *,
        deadline: Deadline | None = None,
        max_body: int | None = DEFAULT_MAX_BODY,
    ) -> Response:
        """Return a stored or a new response.

        Raises:
            HttpError: the origin failed, and nothing stored may stand in.
        """
        entry, decision = self._look(request)
        if decision.kind == "stale":
            assert entry is not None
            self._background(lambda: self._fetch(request, entry, deadline, max_body))
        if entry is not None and decision.kind in ("hit", "stale"):
            return self._answer(request, entry, decision.kind)
        if decision.kind == "refuse":
            return Response(504, Headers({"X-Velvet-Cache": "miss"}), b"", request.url)
        if request.method != "GET":
            response = self._client.request(request, deadline=deadline, max_body=max_body)
            if invalidates(request, response.status):
                self._store.drop(request.url)
            return response
        with self._alone(request.url) as first:
            if not first:  # another thread has asked meanwhile
                entry, decision = self._look(request)
                if entry is not None and decision.kind == "hit":
                    return self._answer(request, entry, "hit")
            return self._fetch(request, entry, deadline, max_body)

    def _look(self, request: Request) -> tuple[Entry | None, Decision]:
        entry = next(
            (each for each in self._store.find(request.url) if each.matches(request)), None
        )
        decision = decide(
            request, entry, self._wall(), shared=self._shared, heuristic=self._heuristic
        )
        return entry, decision

    def _answer(self, request: Request, entry: Entry, how: str) -> Response:
        age = int(current_age(entry, self._wall()))
        headers = entry.headers.with_field("Age", str(age)).with_field("X-Velvet-Cache", how)
        return Response(entry.status, headers, entry.body, request.url)

    def _fetch(
        self, request: Request, entry: Entry | None, deadline: Deadline | None, max_body: int | None
    ) -> Response:
        asked = request
        if entry is not None:
            for name, value in decide(request, entry, float(_FOREVER) * 4).conditions:
                asked = asked.with_headers(**{name: value})
        requested = self._wall()
        try:
            response = self._client.request(asked, deadline=deadline, max_body=max_body)
        except HttpError:
            if entry is None or not may_serve_on_error(request, entry, self._wall()):
                raise
            return self._answer(request, entry, "stale")
        received = self._wall()
        if "date" not in response.headers:  # RFC 9110 section 6.6.1
            dated = response.headers.with_field("Date", formatdate(received, usegmt=True))
            response = replace(response, headers=dated)
        if (
            response.status >= 500
            and entry is not None
            and may_serve_on_error(request, entry, received)
        ):
            return self._answer(request, entry, "stale")
        if response.status == 304 and entry is not None:
            entry = update_from_304(entry, response.headers, requested=requested, received=received)
            self._store.put(entry)
            return self._answer(request, entry, "revalidated")
        kept = response.headers.without(*_HOP_BY_HOP, "content-encoding", "content-length")
        if storable(request, response.status, response.headers, shared=self._shared):
            key = vary_key(request, response.headers)
            self._store.put(
                Entry(request.url, key, response.status, kept, response.body, requested, received)
            )
        return replace(response, headers=response.headers.with_field("X-Velvet-Cache", "miss"))

    def _alone(self, url: str) -> _Alone:
        return _Alone(self._guard, self._locks, url)


class _Alone:
    """A lock per address that exists while anyone holds or awaits it; says who came first."""

    def __init__(
        self, guard: threading.Lock, locks: dict[str, tuple[threading.Lock, list[int]]], url: str
    ) -> None:
        self._guard, self._locks, self._url = guard, locks, url

    def __enter__(self) -> bool:
        with self._guard:
            lock, users = self._locks.setdefault(self._url, (threading.Lock(), [0]))
            users[0] += 1
            first = users[0] == 1
        lock.acquire()
        return first

    def __exit__(self, *_: object) -> None:
        with self._guard:
            lock, users = self._locks[self._url]
            users[0] -= 1
            if not users[0]:
                del self._locks[self._url]
        lock.release()
