"""The server that comparisons ask: in a process of its own, so that CPU time is the client's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def served(work: Callable[[Any], Callable[[], Any]], *, tls: bool = False) -> Iterator[Any]:
    """Start a server untimed, yield what `work(server)` returns, and stop the server."""
    from velvet_http.faults import ServerProcess

    with ServerProcess(tls=tls) as server:
        yield work(server)
