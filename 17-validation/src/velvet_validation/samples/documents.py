"""Fourteen documents that are made to hurt a parser; each is built when it is asked for."""

from __future__ import annotations

from collections.abc import Callable

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "100 000 nested arrays": lambda: b"[" * 100_000 + b"]" * 100_000,
    "100 000 nested objects": lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "5 000-digit integer": lambda: b"9" * 5000,
    "equal keys": lambda: b'{"role":"user","role":"admin"}',
    "NaN": lambda: b'{"weight":NaN}',
    "Infinity": lambda: b'{"weight":Infinity}',
    "overflow 1e999": lambda: b'{"weight":1e999}',
    "lone surrogate": lambda: b'{"name":"\\ud800"}',
    "byte order mark": lambda: b"\xef\xbb\xbf{}",
    "trailing data": lambda: b'{"a":1}{"b":2}',
    "empty body": lambda: b"",
    "invalid UTF-8": lambda: b'{"name":"\xff"}',
    "million members": lambda: b"{%s}" % b",".join(b'"%d":0' % n for n in range(1_000_000)),
    "2 MB of one string": lambda: b'"' + b"a" * (2 << 20) + b'"',
}
