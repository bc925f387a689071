"""Where to go after login: a target that a browser resolves to one of our hosts, or `/`.

Browsers read addresses by the WHATWG URL standard, which forgives what RFC 3986 does not: they drop
tabs and line feeds, read a backslash as a slash, and skip surplus slashes. A check that parses by
another rule than the browser's is an open redirect (CWE-601), so this one refuses instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

MAX_TARGET = 2048
FALLBACK = "/"


def safe_redirect(target: str, base: str, allowed_hosts: Iterable[str] = ()) -> str:
    """Return the target when it stays on the base's host or an allowed one; else ``/``.

    >>> safe_redirect("/cart?step=2", "https://shop.example/login")
    '/cart?step=2'
    >>> safe_redirect("//evil.example", "https://shop.example/login")
    '/'
    """
    if not isinstance(target, str) or not 0 < len(target) <= MAX_TARGET:
        return FALLBACK
    # Control characters, spaces, backslashes, and everything beyond ASCII (full-width slashes).
    if any(letter <= " " or letter > "~" or letter == "\\" for letter in target):
        return FALLBACK
    try:
        home, asked = urlsplit(base), urlsplit(target)
        resolved = urlsplit(urljoin(base, target))
        port = resolved.port
    except ValueError:
        return FALLBACK
    if asked.scheme and (asked.scheme != home.scheme or not target.startswith(f"{home.scheme}://")):
        return FALLBACK
    if target.startswith("//") or (asked.scheme and not asked.netloc):
        return FALLBACK
    if "@" in resolved.netloc or not resolved.hostname:
        return FALLBACK
    # A path such as ``/..//evil.example`` resolves to ``//evil.example`` when it is used again.
    if resolved.path.startswith("//") or asked.path.startswith("//"):
        return FALLBACK
    hosts = {(home.hostname, home.port), *((host, None) for host in allowed_hosts)}
    return target if (resolved.hostname, port) in hosts else FALLBACK
