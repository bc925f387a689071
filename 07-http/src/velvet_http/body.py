"""What stands between raw bytes and a body that can be trusted.

No client library raises when a gzip stream ends in the middle: each returns what it has. Every
client of this package therefore reads raw bytes and passes them through a `BodyReader`, which
checks the announced length, decodes, notices a stream that never reached its end, and stops a
decompression bomb at the caller's limit instead of in swap.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from urllib.parse import urljoin

from velvet_http.errors import (
    BodyTooLarge,
    DecodeError,
    ProtocolViolation,
    TooManyRedirects,
    TruncatedBody,
)
from velvet_http.model import Headers, Request, origin

MAX_HEAD = 65_536  # the limit of http.client for one line, here for the whole head
MAX_REDIRECTS = 5
_STEP = 65_536  # decoded bytes in memory at a time
CREDENTIALS = ("authorization", "cookie", "proxy-authorization")  # for one origin alone
_REDIRECTS = (301, 302, 303, 307, 308)


class BodyReader:
    """Check and decode the body of one response, up to `max_body` decoded bytes.

    Raises:
        ProtocolViolation: two different lengths, a length that is no number, an oversized head, a
            transfer coding that only some libraries undo.
        DecodeError: an encoding that was never asked for.
    """

    def __init__(
        self, method: str, status: int, headers: Headers, *, max_body: int | None = None
    ) -> None:
        if sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEAD:
            raise ProtocolViolation(f"the response head is larger than {MAX_HEAD} bytes")
        lengths = {part.strip() for part in (headers.get("content-length") or "").split(",")}
        if len(lengths) > 1:
            raise ProtocolViolation(f"different Content-Lengths: {sorted(lengths)}")
        length = lengths.pop()
        if length and not (length.isascii() and length.isdigit() and len(length) < 20):
            raise ProtocolViolation(f"Content-Length is {length[:20]!r}, not a number of bytes")
        coding = headers.get("transfer-encoding") or "chunked"
        if coding.lower() != "chunked":
            raise ProtocolViolation(f"transfer-encoding {coding!r} was not asked for")
        empty = method == "HEAD" or status in (204, 304)
        announced = bool(length) and "transfer-encoding" not in headers
        self.expected = 0 if empty else int(length) if announced else None
        self.got = 0
        self.decoded = 0
        if max_body is not None and not max_body >= 0:
            raise ValueError(f"max_body is a number of bytes, or None for no limit, not {max_body}")
        self._max = max_body
        self._encoding = (headers.get("content-encoding") or "identity").strip().lower()
        if self._encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise DecodeError(f"content-encoding {self._encoding!r} was not asked for")
        self._inflate = None if empty or self._encoding == "identity" else self._decompressor()

    def _decompressor(self) -> zlib._Decompress:
        return zlib.decompressobj(zlib.MAX_WBITS if self._encoding == "deflate" else 31)

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Yield the decoded pieces of what arrived, at most 64 KiB each."""
        self.got += len(raw)
        if self._inflate is None:
            yield self._counted(raw)
            return
        while raw:
            if self._inflate.eof:  # a gzip file may have several members (RFC 1952 section 2.2)
                self._inflate = self._decompressor()
            try:
                piece = self._inflate.decompress(raw, _STEP)
            except zlib.error as error:
                raise DecodeError(f"the body is not {self._encoding}: {error}") from error
            raw = self._inflate.unconsumed_tail or self._inflate.unused_data
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self.decoded += len(piece)
        if self._max is not None and self.decoded > self._max:
            raise BodyTooLarge(f"the body is larger than the {self._max} bytes allowed")
        return piece

    def finish(self) -> None:
        """Raise `TruncatedBody` unless the last byte was the last of the body and its encoding."""
        if self.expected is not None and self.got < self.expected:
            raise TruncatedBody(
                f"got {self.got} of {self.expected} bytes", got=self.got, expected=self.expected
            )
        if self._inflate is not None and self.got and not self._inflate.eof:
            raise TruncatedBody("compressed stream ended early", got=self.got)


class Redirects:
    """Follow redirects without carrying credentials to another origin (RFC 9110 section 15.4)."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.history: tuple[str, ...] = ()

    def follow(self, status: int, headers: Headers) -> bool:
        """Return whether `request` now holds another request to send."""
        target = headers.get("location")
        if status not in _REDIRECTS or target is None:
            return False
        try:
            return self._hop(status, target)
        except ValueError as error:
            raise ProtocolViolation(f"redirect that is not followed: {error}") from error

    def _hop(self, status: int, target: str) -> bool:
        before = self.request
        url = urljoin(before.url, target)
        self.history = (*self.history, before.url)
        if url in self.history or len(self.history) > MAX_REDIRECTS:
            raise TooManyRedirects(f"{len(self.history)} redirects, the last to {url}")
        method, body, fields = before.method, before.body, before.headers
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = "GET" if method != "HEAD" else method, None
            fields = fields.without("content-type", "content-length")
        if origin(url) != origin(before.url):
            fields = fields.without(*CREDENTIALS)
        self.request = Request(method, url, fields, body)
        return True
