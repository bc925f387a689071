"""pycurl: libcurl, the client in C that the others are compared with."""

from __future__ import annotations

import io

import pycurl  # type: ignore[import-untyped, import-not-found, unused-ignore]

NAME = "pycurl"


def bare(url: str, *, timeout: float) -> int:
    """GET as the documentation shows; return the bytes that were accepted."""
    buffer = io.BytesIO()
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.setopt(pycurl.ACCEPT_ENCODING, "")
    curl.setopt(pycurl.TIMEOUT_MS, int(timeout * 1000))
    curl.setopt(pycurl.WRITEDATA, buffer)
    try:
        curl.perform()
    finally:
        curl.close()
    return len(buffer.getvalue())


def repeat(url: str, count: int) -> int:
    """GET `count` times over one connection."""
    curl, total = pycurl.Curl(), 0
    curl.setopt(pycurl.URL, url)
    try:
        for _ in range(count):
            buffer = io.BytesIO()
            curl.setopt(pycurl.WRITEDATA, buffer)
            curl.perform()
            total += len(buffer.getvalue())
    finally:
        curl.close()
    return total
