"""Move what is large or long: downloads that resume, and pages that move.

Both answer the same question, what happens when the connection breaks in the middle, and neither
holds more in memory than one piece.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from velvet_http.body import CREDENTIALS
from velvet_http.client import Client
from velvet_http.errors import (
    DecodeError,
    HttpError,
    ProtocolViolation,
    StaleValidator,
    StatusError,
)
from velvet_http.model import Headers, Request, Response, origin, parse_links
from velvet_http.resilient import ResilientClient

MAX_PAGES = 10_000


def download(
    client: Client,
    url: str,
    dest: Path,
    *,
    sha256: str | None = None,
    attempts: int = 10,
    restart: bool = True,
    on_part: Callable[[int, int], object] = range,
) -> int:
    """Write `url` to `dest` and return its size; `dest` is never seen incomplete.

    Bytes go to `dest.part` and continue there after a cut with Range and If-Range (RFC 9110
    sections 13.1.5 and 14), if the server gave a strong validator; else from the start.

    Args:
        attempts: most attempts that bring no byte nearer the end.
        on_part: called with the first and the last offset that an attempt brought.

    Raises:
        StaleValidator: the object changed and `restart` is False.
        DecodeError: the hash differs; the part is deleted.
        HttpError, OSError: the last attempt's; the part is kept.
    """
    part = dest.with_name(dest.name + ".part")
    known, fruitless, offset = list[str](), 0, 0
    with part.open("wb") as file:
        while True:
            try:
                _attempt(client, url, file, known, restart=restart)
                break
            except (HttpError, OSError) as error:
                if not isinstance(error, HttpError) or not error.retryable:
                    raise
                fruitless = 0 if file.tell() > offset else fruitless + 1
                if fruitless >= attempts:
                    raise
            finally:
                if file.tell() > offset:
                    on_part(offset, file.tell())
                offset = file.tell()
        file.flush()
        os.fsync(file.fileno())
    if sha256 is not None and (found := _hash(part)) != sha256.lower():
        part.unlink()
        raise DecodeError(f"{url}: sha256 is {found}, not {sha256}")
    part.replace(dest)
    return dest.stat().st_size


def _attempt(client: Client, url: str, file: BinaryIO, known: list[str], *, restart: bool) -> None:
    """Append what one request brings; `known` holds the validator to go on with, if there is one."""
    offset = file.tell() if known else 0
    headers = Headers({"Accept-Encoding": "identity"})  # offsets count encoded bytes
    if offset:
        headers = headers.with_field("Range", f"bytes={offset}-").with_field("If-Range", known[0])
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
            raise StatusError(Response(response.status, response.headers, b"", response.url))
        tag = response.headers.get("etag") or ""
        known[:] = [] if tag.startswith("W/") or not tag else [tag]
        for piece in response:
            file.write(piece)


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def link_header(response: Response) -> str | None:
    """Return the next page's address: the Link header's `next` (RFC 8288)."""
    return parse_links(response.headers.get("link") or "", base=response.url).get("next")


def cursor(response: Response) -> str | None:
    """Return the address that continues after the cursor in the body."""
    found = response.json().get("next")
    return None if found is None else _with_query(response.url, "cursor", str(found))


def page_number(response: Response) -> str | None:
    """Return the next address; pages are numbered from 1 until one is empty."""
    if not response.json()["items"]:
        return None
    number = dict(parse_qsl(urlsplit(response.url).query)).get("page", "1")
    return _with_query(response.url, "page", str(int(number) + 1))


def _with_query(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), name: value}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _page(at: str, first: str, headers: Headers) -> Request:
    if at == first:
        return Request("GET", at, headers)
    try:
        foreign = origin(at) != origin(first)
        return Request("GET", at, headers.without(*CREDENTIALS) if foreign else headers)
    except ValueError as error:
        raise ProtocolViolation(f"next page that is not fetched: {error}") from error


def paginate(
    client: Client | ResilientClient,
    url: str,
    following: Callable[[Response], str | None],
    *,
    headers: Headers | None = None,
    key: Callable[[Any], object] | None = None,
) -> Iterator[Any]:
    """Yield the items of all pages, one page in memory; each `key` once.

    Credentials in `headers` go to the origin of `url` and to no other.

    Args:
        following: returns the address of the page after a response, such as `link_header`.

    Raises:
        HttpError: "page loop" when an address comes up again, or after `MAX_PAGES` pages.
        DecodeError: a page without items.
        ProtocolViolation: the next page is no address.
    """
    seen: set[object] = set()
    visited: set[str] = set()
    at: str | None = url
    while at is not None:
        if at in visited or len(visited) >= MAX_PAGES:
            raise HttpError(f"page loop: {at} after {len(visited)} pages")
        visited.add(at)
        response = client.request(_page(at, url, headers or Headers()))
        page = response.raise_for_status().json()
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            raise DecodeError(f"{at} has no list 'items'")
        for item in page["items"]:
            name = None if key is None else key(item)
            if name is None or name not in seen:
                yield item
            seen.add(name)
        at = following(response)
