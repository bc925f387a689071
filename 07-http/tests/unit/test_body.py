"""Bodies are checked byte by byte, and redirects carry no credentials away."""

from __future__ import annotations

import gzip
import zlib

import pytest

from velvet_http import errors
from velvet_http.body import BodyReader, Redirects
from velvet_http.faults import fault
from velvet_http.model import Headers, Request


def read(body: BodyReader, *pieces: bytes) -> bytes:
    got = b"".join(part for piece in pieces for part in body.feed(piece))
    body.finish()
    return got


def test_a_short_body_is_truncated() -> None:
    body = BodyReader("GET", 200, Headers({"Content-Length": "100"}))

    with pytest.raises(errors.TruncatedBody) as raised:
        read(body, b"x" * 40)

    assert (raised.value.got, raised.value.expected) == (40, 100)


def test_half_a_gzip_stream_is_truncated_although_its_length_is_right() -> None:
    half = gzip.compress(b"hello " * 1000)[:30]
    body = BodyReader(
        "GET", 200, Headers({"Content-Encoding": "gzip", "Content-Length": str(len(half))})
    )

    with pytest.raises(errors.TruncatedBody, match="ended early"):
        read(body, half)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"a" * 9000)),
        ("gzip", gzip.compress(b"a" * 4000) + gzip.compress(b"a" * 5000)),
        ("deflate", zlib.compress(b"a" * 9000)),
        ("identity", b"a" * 9000),
    ],
    ids=["gzip", "two members", "deflate", "identity"],
)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_every_encoding_in_every_portion(encoding: str, packed: bytes, step: int) -> None:
    body = BodyReader("GET", 200, Headers({"Content-Encoding": encoding}))

    pieces = [packed[start : start + step] for start in range(0, len(packed), step)]

    assert read(body, *pieces) == b"a" * 9000


def test_a_bomb_is_stopped_at_the_limit() -> None:
    wire = fault("gzip bomb").steps[0]
    assert isinstance(wire, bytes)
    packed = wire.partition(b"\r\n\r\n")[2]
    body = BodyReader("GET", 200, Headers({"Content-Encoding": "gzip"}), max_body=1_000_000)

    with pytest.raises(errors.BodyTooLarge, match="1000000"):
        read(body, packed)

    assert body.decoded <= 1_000_000 + 65_536


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ([("Content-Length", "5"), ("content-length", "6")], errors.ProtocolViolation),
        ([("Content-Length", "5, 6")], errors.ProtocolViolation),
        ([("Content-Length", "-5")], errors.ProtocolViolation),
        ([("X", "y" * 70_000)], errors.ProtocolViolation),
        ([("Content-Encoding", "br")], errors.DecodeError),
    ],
)
def test_heads_that_two_readers_would_read_differently(
    fields: list[tuple[str, str]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        BodyReader("GET", 200, Headers(fields))


def test_a_head_may_be_as_large_as_the_limit_and_a_body_as_empty() -> None:
    full = Headers({"X": "y" * (65_536 - 5)})

    assert read(BodyReader("GET", 200, full, max_body=0)) == b""
    with pytest.raises(errors.ProtocolViolation, match="larger than 65536 bytes"):
        BodyReader("GET", 200, Headers({"X": "y" * (65_536 - 4)}))
    with pytest.raises(errors.ProtocolViolation, match="not a number"):
        BodyReader("GET", 200, Headers({"Content-Length": "1" * 20}))
    assert BodyReader("GET", 200, Headers({"Content-Length": "1" * 19})).expected == int("1" * 19)
    with pytest.raises(ValueError, match="no limit, not -1"):
        BodyReader("GET", 200, Headers(), max_body=-1)


def test_not_gzip_is_said_to_be_not_gzip() -> None:
    with pytest.raises(errors.DecodeError, match="not gzip"):
        read(BodyReader("GET", 200, Headers({"Content-Encoding": "gzip"})), b"plain text")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 304), ("GET", 204)])
def test_some_responses_have_no_body_whatever_they_announce(method: str, status: int) -> None:
    fields = Headers({"Content-Length": "100", "Content-Encoding": "gzip"})

    assert read(BodyReader(method, status, fields)) == b""


def test_equal_lengths_are_one_length_and_chunks_outrank_it() -> None:
    assert BodyReader("GET", 200, Headers({"Content-Length": "5, 5"})).expected == 5
    both = Headers({"Content-Length": "5", "Transfer-Encoding": "chunked"})
    assert BodyReader("GET", 200, both).expected is None


def test_credentials_stay_with_their_origin() -> None:
    fields = Headers({"Authorization": "marmalade", "Cookie": "a=b", "Accept": "x"})
    hops = Redirects(Request("GET", "http://one/a", fields))

    assert hops.follow(302, Headers({"Location": "/b"}))
    assert "authorization" in hops.request.headers
    assert hops.follow(302, Headers({"Location": "http://one:81/c"}))
    assert list(hops.request.headers) == [("Accept", "x")]
    assert hops.history == ("http://one/a", "http://one/b")


@pytest.mark.parametrize(
    ("method", "status", "after"),
    [("POST", 301, "GET"), ("POST", 303, "GET"), ("POST", 307, "POST"), ("HEAD", 303, "HEAD")],
)
def test_methods_after_a_redirect(method: str, status: int, after: str) -> None:
    hops = Redirects(Request(method, "http://h/", Headers(), b"body"))

    hops.follow(status, Headers({"Location": "/x"}))

    assert hops.request.method == after
    assert (hops.request.body is None) == (after != "POST")


def test_redirects_that_are_not_followed() -> None:
    request = Request("GET", "http://h/")

    assert not Redirects(request).follow(302, Headers())
    assert not Redirects(request).follow(200, Headers({"Location": "/x"}))
    with pytest.raises(errors.TooManyRedirects):
        Redirects(request).follow(302, Headers({"Location": "/"}))
    with pytest.raises(errors.ProtocolViolation, match="must be http or https"):
        Redirects(request).follow(302, Headers({"Location": "file:///etc/passwd"}))
    with pytest.raises(errors.ProtocolViolation, match="is not followed"):
        Redirects(request).follow(302, Headers({"Location": "http://b\u00fc/"}))
