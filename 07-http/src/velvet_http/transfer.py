"""Move what is large or long: downloads that resume, and pages that move.

Both answer the same question, what happens when the connection breaks in the middle, and neither
holds more in memory than one piece.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from velvet_http.client import Client
from velvet_http.errors import (
    DecodeError,
    HttpError,
    ProtocolViolation,
    StaleValidator,
    StatusError,
)
from velvet_http.model import Headers, Request, Response

MAX_PAGES = 10_000


class Requester(Protocol):
    """A `Client`, a `ResilientClient` or anything that answers like one."""

    def request(self, request: Request) -> Response:
        """Send a request and return its whole response."""


@dataclass(frozen=True)
class Part:
    """The offsets that arrived in one attempt of a download."""

    start: int
    stop: int


def download(
    client: Client,
    url: str,
    dest: Path,
    *,
    sha256: str | None = None,
    attempts: int = 10,
    restart: bool = True,
    on_part: Callable[[Part], object] = id,
) -> int:
    """Write `url` to `dest` and return its size; `dest` is never seen incomplete.

    Bytes go to `dest.part` and continue there after a cut with Range and If-Range (RFC 9110
    sections 13.1.5 and 14), if the server gave a strong validator; else from the start.

    Args:
        attempts: most attempts that bring no byte nearer the end.

    Raises:
        StaleValidator: the object changed and `restart` is False.
        DecodeError: the hash differs; the part is deleted.
        HttpError, OSError: the last attempt's; the part is kept.
    """
    part = dest.with_name(dest.name + ".part")
    validator, fruitless, offset = "", 0, 0
    with part.open("wb") as file:
        while True:
            try:
                validator = _attempt(client, url, file, validator, restart=restart)
                break
            except (HttpError, OSError) as error:
                if not isinstance(error, HttpError) or not error.retryable:
                    raise
                fruitless = 0 if file.tell() > offset else fruitless + 1
                if fruitless >= attempts:
                    raise
                validator = getattr(error, "validator", validator)
            finally:
                if file.tell() > offset:
                    on_part(Part(offset, file.tell()))
                offset = file.tell()
        file.flush()
        os.fsync(file.fileno())
    if sha256 is not None and (found := _hash(part)) != sha256.lower():
        part.unlink()
        raise DecodeError(f"{url}: sha256 is {found}, not {sha256}")
    part.replace(dest)
    return dest.stat().st_size


def _attempt(client: Client, url: str, file: BinaryIO, validator: str, *, restart: bool) -> str:
    """Append what one request brings; the error of a cut carries the validator to go on with."""
    offset = file.tell() if validator else 0
    headers = Headers({"Accept-Encoding": "identity"})  # offsets count encoded bytes
    if offset:
        headers = headers.with_field("Range", f"bytes={offset}-").with_field("If-Range", validator)
    with client.stream(Request("GET", url, headers)) as response:
        if response.status == 206:
            given = response.headers.get("content-range") or ""
            if not given.startswith(f"bytes {offset}-"):
                raise ProtocolViolation(f"asked for bytes from {offset}, got {given!r}")
        elif response.status == 200:
            if offset and not restart:
                raise StaleValidator(f"{url} changed after {offset} bytes had arrived")
            file.seek(0)
            file.truncate()
        else:
            raise _with_status(response.url, response.status, response.headers)
        tag = response.headers.get("etag") or ""
        validator = "" if tag.startswith("W/") else tag
        try:
            for piece in response:
                file.write(piece)
        except HttpError as error:
            error.validator = validator  # type: ignore[attr-defined]
            raise
    return validator


def _with_status(url: str, status: int, headers: Headers) -> StatusError:
    error = StatusError(Response(status, headers, b"", url))
    error.retryable = status in (408, 429, 500, 502, 503, 504)
    return error


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


@dataclass(frozen=True)
class LinkHeader:
    """The next page is the Link header's `next` (RFC 8288)."""

    items: str = "items"

    def next(self, response: Response) -> str | None:
        """Return the next address."""
        return response.links().get("next")


@dataclass(frozen=True)
class Cursor:
    """The next page continues after a cursor that the body names."""

    field: str = "next"
    parameter: str = "cursor"
    items: str = "items"

    def next(self, response: Response) -> str | None:
        """Return the next address."""
        cursor = response.json().get(self.field)
        return None if cursor is None else _with_query(response.url, self.parameter, str(cursor))


@dataclass(frozen=True)
class PageNumber:
    """Pages are numbered from 1 until one is empty."""

    parameter: str = "page"
    items: str = "items"

    def next(self, response: Response) -> str | None:
        """Return the next address."""
        if not response.json()[self.items]:
            return None
        query = dict(parse_qsl(urlsplit(response.url).query))
        return _with_query(
            response.url, self.parameter, str(int(query.get(self.parameter, "1")) + 1)
        )


def _with_query(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), name: value}
    return urlunsplit(parts._replace(query=urlencode(query)))


def paginate(
    client: Requester,
    url: str,
    style: LinkHeader | Cursor | PageNumber,
    *,
    headers: Headers | None = None,
    key: Callable[[Any], object] | None = None,
) -> Iterator[Any]:
    """Yield the items of all pages, one page in memory; each `key` once.

    Raises:
        HttpError: "page loop" when an address comes up again, or after `MAX_PAGES` pages.
        DecodeError: a page without items.
    """
    seen: set[object] = set()
    visited: set[str] = set()
    following: str | None = url
    while following is not None:
        if following in visited or len(visited) >= MAX_PAGES:
            raise HttpError(f"page loop: {following} after {len(visited)} pages")
        visited.add(following)
        response = client.request(Request("GET", following, headers or Headers()))
        page = response.raise_for_status().json()
        if not isinstance(page, dict) or not isinstance(page.get(style.items), list):
            raise DecodeError(f"{following} has no list {style.items!r}")
        for item in page[style.items]:
            name = None if key is None else key(item)
            if name is None or name not in seen:
                yield item
            seen.add(name)
        following = style.next(response)
