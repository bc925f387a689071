"""Addresses of what a proxy stands in front of, taken apart and put together again."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "mongodb": 27017}


def split_target(target: str) -> tuple[str, int, str, str]:
    """Split ``scheme://user@host:port/rest`` or ``host:port`` around its host and port.

    Returns:
        Host, port, the text before them and the text behind them.

    Raises:
        ValueError: there is no host or no port in it; the text is not repeated, because it may
            hold a password.
    """
    scheme, mark, _ = target.partition("://")
    try:
        parts = urlsplit(target if mark else f"//{target}")
        host = parts.hostname
        port = parts.port or PORTS.get(scheme.partition("+")[0] if mark else "")
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise ValueError("target must name a host and a port, as host:port or scheme://host:port/x")
    user, at, _ = parts.netloc.rpartition("@")
    head = f"{scheme}{mark}{user}{at}" if mark else ""
    tail = target[len(f"{scheme}{mark}{parts.netloc}") :] if mark else ""
    return host, port, head, tail
