"""The server that comparisons ask: in a process of its own, so that CPU time is the client's."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from typing import Any

_servers: dict[bool, Any] = {}


def served(work: Callable[[Any], Callable[[], Any]], *, tls: bool = False) -> Iterator[Any]:
    """Yield what `work(server)` returns; all contenders of one worker share its server.

    The server ends with the worker, at the latest when its standard input is closed.
    """
    from velvet_http.comparisons.server_process import ServerProcess

    if tls not in _servers:
        _servers[tls] = ServerProcess(tls=tls)
        atexit.register(_servers[tls].__exit__)
    yield work(_servers[tls])
