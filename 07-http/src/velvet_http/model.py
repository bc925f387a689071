"""Requests, responses and headers as plain values, checked before any byte is sent.

The rules are few and are the ones that attacks use: no CR, LF or NUL in a header value
(RFC 9110 section 5.5), no space or control character in an address, only http and https.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from velvet_http.errors import DecodeError, StatusError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAFE_VALUE = re.compile("[\r\n\0]")
_SAFE_URL = re.compile(r"https?://[!#$&-;=?-Z\[\]_a-z~%]+")
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*!#$&+.^`|~-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))?)*)")
_PARAMETER = re.compile(r";\s*([\w*-]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+)))?")


class Headers:
    """Header fields: names without case, several values a name, order kept.

    >>> headers = Headers({"Content-Type": "text/plain"}).with_field("Vary", "Accept")
    >>> headers["content-type"], headers.get("x-missing"), "vary" in headers
    ('text/plain', None, True)
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        pairs = fields.items() if isinstance(fields, Mapping) else fields
        self._fields = tuple((str(name), str(value).strip(" \t")) for name, value in pairs)
        for name, value in self._fields:
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"header name {name!r} is not a token (RFC 9110 section 5.6.2)")
            if _UNSAFE_VALUE.search(value):
                raise ValueError(f"the value of header {name} must not hold CR, LF or NUL")

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the values of `name` joined by commas, or `default`."""
        found = self.all(name)
        return ", ".join(found) if found else default

    def all(self, name: str) -> list[str]:
        """Return each value of `name`, in order."""
        wanted = name.lower()
        return [value for key, value in self._fields if key.lower() == wanted]

    def with_field(self, name: str, value: str) -> Headers:
        """Return a copy in which `name` has `value` alone."""
        return Headers([*self.without(name), (name, value)])

    def without(self, *names: str) -> Headers:
        """Return a copy that lacks `names`."""
        dropped = {name.lower() for name in names}
        return Headers([pair for pair in self._fields if pair[0].lower() not in dropped])

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)


@dataclass(frozen=True)
class Request:
    """One request; a ValueError for an address that is not http(s) in printable ASCII.

    A body in pieces has the length that Content-Length names, or is sent in chunks.
    """

    method: str
    url: str
    headers: Headers = field(default_factory=Headers)
    body: bytes | Iterable[bytes] | None = None

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.method):
            raise ValueError(f"method {self.method!r} is not a token")
        if not _SAFE_URL.fullmatch(self.url):
            raise ValueError(
                f"url {self.url!r} must be http or https in printable ASCII; percent-encode the rest"
            )
        parts = urlsplit(self.url)
        if not parts.hostname or parts.port == 0:  # asking for the port checks its range
            raise ValueError(f"url {self.url!r} names no host and port")
        if isinstance(self.body, Iterator):
            raise ValueError("a body in pieces is read anew for each attempt; an iterator is not")

    @property
    def idempotent(self) -> bool:
        """Whether repeating it is safe: by its method (RFC 9110 9.2.2) or by its key."""
        safe = self.method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")
        return safe or "idempotency-key" in self.headers

    def with_headers(self, **fields: str) -> Request:
        """Return a copy with header fields set; an underscore stands for a hyphen."""
        headers = self.headers
        for name, value in fields.items():
            headers = headers.with_field(name.replace("_", "-"), value)
        return Request(self.method, self.url, headers, self.body)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address, default ports filled in."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@dataclass(frozen=True)
class Attempt:
    """One try of a call, in seconds since the call began; a hedge ran beside another try."""

    began: float
    ended: float
    outcome: str
    hedge: bool = False


@dataclass(frozen=True)
class Response:
    """A whole response, decoded and within the caller's size limit."""

    status: int
    headers: Headers
    body: bytes
    url: str
    elapsed: float = 0.0
    history: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()

    @property
    def text(self) -> str:
        """The body in the charset that Content-Type names, else UTF-8, or a `DecodeError`."""
        found = re.search(r"charset=\"?([\w.:-]+)", self.headers.get("content-type") or "")
        charset = found.group(1) if found else "utf-8"
        try:
            return self.body.decode(charset)
        except (LookupError, UnicodeError) as error:
            raise DecodeError(f"{self.url}: the body is not {charset}") from error

    def json(self) -> Any:
        """Return the body parsed as JSON, or raise `DecodeError`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise DecodeError(f"{self.url}: the body is no JSON: {error}") from error

    def raise_for_status(self) -> Response:
        """Return the response itself, or raise `StatusError` from status 400 on."""
        if self.status >= 400:
            raise StatusError(self)
        return self


def parse_links(value: str, *, base: str = "") -> dict[str, str]:
    """Return relation -> target of a Link header (RFC 8288); the first link of a relation wins.

    A target that is no address is returned as it came: only who follows it has to refuse it.

    >>> parse_links('</items?page=2>; rel="next last"; title="a, b"', base="http://h/items")
    {'next': 'http://h/items?page=2', 'last': 'http://h/items?page=2'}
    """
    found: dict[str, str] = {}
    for target, parameters in _LINK.findall(value):
        for name, quoted, bare in _PARAMETER.findall(parameters):
            if name.lower() == "rel":
                for relation in (quoted or bare).lower().split():
                    found.setdefault(relation, _joined(base, target))
                break
    return found


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def http_date(value: str | None) -> float | None:
    """Return the second of an HTTP date (RFC 9110 section 5.6.7), None for what is none."""
    try:
        when = parsedate_to_datetime(value or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when).timestamp()


@dataclass(frozen=True)
class Timeouts:
    """Limits of single waits, in seconds; none bounds the call, because each byte starts it anew."""

    connect: float = 5.0
    read: float = 5.0
    pool: float = 5.0

    def __post_init__(self) -> None:
        if not all(each > 0 for each in (self.connect, self.read, self.pool)):
            raise ValueError(f"timeouts are positive seconds, not {self}")


@dataclass(frozen=True)
class Deadline:
    """The moment at which a whole call must be over, in monotonic seconds.

    Monotonic time never jumps, so setting the wall clock back extends nothing; it is passed through.

    >>> Deadline.after(2.0, now=100.0).remaining(now=100.5)
    1.5
    """

    at: float

    @classmethod
    def after(cls, seconds: float, *, now: float | None = None) -> Deadline:
        """Return the deadline `seconds` from `now` (default: this moment)."""
        if not seconds > 0:
            raise ValueError(f"a deadline lies in the future, not {seconds} s away")
        return cls((time.monotonic() if now is None else now) + seconds)

    def remaining(self, now: float | None = None) -> float:
        """Return the seconds left, negative once it has passed."""
        return self.at - (time.monotonic() if now is None else now)


Clock = Callable[[], float]
