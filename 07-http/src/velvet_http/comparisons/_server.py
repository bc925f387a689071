"""The server that comparisons ask: in a process of its own, so that CPU time is the client's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

_servers: dict[bool, Any] = {}
_users: Counter[bool] = Counter()


def served(work: Callable[[Any], Callable[[], Any]], *, tls: bool = False) -> Iterator[Any]:
    """Yield what `work(server)` returns; contenders that are set up together share a server."""
    from velvet_http.comparisons.server_process import ServerProcess

    if not _users[tls]:
        _servers[tls] = ServerProcess(tls=tls)
    _users[tls] += 1
    try:
        yield work(_servers[tls])
    finally:
        _users[tls] -= 1
        if not _users[tls]:
            _servers.pop(tls).__exit__()
