"""An HTTP server in its own process that answers after a known time, or fails when told to.

Benchmarks of clients need a server whose latency is chosen, whose cost is not counted as the
client's, and which a thousand clients may reach at once (backlog 8192; the kernel caps it at
`somaxconn`). Lessons about failure need one that can be told, in the middle of a run, to return
errors, reset, hang, talk garbage, stop half-way or refuse. The server itself is `latency_site`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Sequence
from types import TracebackType
from typing import get_args

from velvet_concurrency.child import Child, obey_parent
from velvet_concurrency.latency_site import HOST, Failure, ServerStats, Site


class LatencyServer:
    """A server in a child process; a context manager, and `start`/`stop` for other lives.

    Args:
        latency: seconds between a request and its reply.
        jitter: up to so many seconds more, uniformly distributed; `None` for none.
        body_bytes: length of the reply's body, at least 2.
        seed: of the jitter and of partial failures.

    Raises:
        ValueError: a time is negative or not finite, or the body is too short.

    Control methods are thread-safe and take effect before they return. The child ends when this
    process does, however that ends. Listens on 127.0.0.1 only.

    >>> with LatencyServer(latency=0.01) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        latency: float = 0.1,
        jitter: float | None = None,
        *,
        body_bytes: int = 2,
        seed: int = 0,
    ) -> None:
        _check_seconds("latency", latency)
        _check_seconds("jitter", jitter or 0.0)
        if body_bytes < 2:
            raise ValueError(f"body_bytes must be >= 2, got {body_bytes!r}")
        self._arguments = [
            *("--latency", repr(float(latency)), "--jitter", repr(float(jitter or 0.0))),
            *("--body-bytes", str(body_bytes), "--seed", str(seed)),
        ]
        self._child: Child | None = None

    def start(self) -> LatencyServer:
        """Start the child and return when it listens.

        Raises:
            RuntimeError: it is running already.
            ChildError: the child could not start.
        """
        if self._child is not None:
            raise RuntimeError("the server is running already")
        self._child = Child("velvet_concurrency.latency_server", *self._arguments)
        return self

    def stop(self) -> None:
        """End the child; idempotent."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("the server is not running: use it as a context manager")
        return self._child

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on; stays the same through a refusal."""
        return int(self._running().greeting["port"])

    @property
    def url(self) -> str:
        """The address to fetch."""
        return f"http://{HOST}:{self.port}/"

    @property
    def pid(self) -> int:
        """The child's process id, for those who measure it."""
        return self._running().pid

    def fail(self, how: Failure | bool = True, *, share: float = 1.0) -> None:
        """Make replies fail from now on, or recover with `fail(False)`.

        Args:
            how: `error` or `True`: status 500; `reset`: the connection is cut instead of a reply;
                `hang`: no reply, ever; `garbage`: not HTTP; `truncate`: half of the body;
                `refuse`: the port is closed; `none` or `False`: healthy again.
            share: of the replies, 0 to 1; `refuse` is always complete.

        Raises:
            ValueError: an unknown failure, or a share outside 0 to 1.
        """
        failure = {True: "error", False: "none"}[how] if isinstance(how, bool) else how
        if failure not in get_args(Failure):
            raise ValueError(f"how must be one of {get_args(Failure)}, got {how!r}")
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"share must be within 0 and 1, got {share!r}")
        self._running().ask({"failure": failure, "share": share})

    def set_latency(self, latency: float) -> None:
        """Change the latency, in seconds, of requests that arrive from now on."""
        _check_seconds("latency", latency)
        self._running().ask({"latency": latency})

    def stats(self) -> ServerStats:
        """Give the counts so far."""
        return ServerStats(**self._running().ask({}))

    def __enter__(self) -> LatencyServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _check_seconds(name: str, value: float) -> None:
    if not 0.0 <= value < float("inf"):
        raise ValueError(f"{name} must be finite and >= 0, got {value!r}")


async def _serve(arguments: argparse.Namespace, source: int, sink: int) -> None:
    site = Site(
        arguments.latency,
        arguments.jitter,
        body_bytes=arguments.body_bytes,
        seed=arguments.seed,
    )
    await site.listen()
    try:
        await obey_parent(site.obey, {"port": site.port}, source=source, sink=sink)
    finally:
        site.close()
        await asyncio.sleep(0)  # lets the aborted transports close their sockets


def main(argv: Sequence[str] | None = None, *, source: int = 0, sink: int = 1) -> None:
    """Serve until `source` ends: the child's side of `LatencyServer`."""
    parser = argparse.ArgumentParser(prog="velvet_concurrency.latency_server")
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--jitter", type=float, default=0.0)
    parser.add_argument("--body-bytes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asyncio.run(_serve(parser.parse_args(argv), source, sink))


if __name__ == "__main__":
    # Ctrl-C reaches the whole terminal group; the parent decides when the server ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(KeyboardInterrupt):
        main()
