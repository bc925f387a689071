"""The queues, one a file, each with the names of `Contender`: a diff of two is the difference.

`Place` says where a run happens; workers read it from their environment, because their programs
are the libraries' own. Every run has a namespace of its own: workers that a crash left behind on
a shared queue falsify a measurement in silence.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, cast

from velvet.services.ladder import hidden
from velvet_queues.envelope import Envelope
from velvet_queues.errors import QueueUnavailable
from velvet_queues.ledger import Delivery

NAMES = tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))
VARIABLE = "VELVET_QUEUES_PLACE"
PROFILES = ("defaults", "production")
# What every production profile sets in its own words, small enough to be watched.
VISIBILITY_S = 5
SILENCE_S = 10.0  # of a broker that takes a connection and says nothing


@dataclass(frozen=True)
class Place:
    """Where a run happens: contender, broker, its address, the ledger's folder, the profile."""

    contender: str
    broker: str
    url: str
    folder: str
    profile: str = "production"
    concurrency: int = 2
    namespace: str = field(default_factory=lambda: f"v{uuid.uuid4().hex[:10]}")

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile must be one of {', '.join(PROFILES)}, not {self.profile!r}")
        if self.broker not in load(self.contender).BROKERS:
            known = ", ".join(load(self.contender).BROKERS)
            raise ValueError(f"{self.contender} runs on {known}, not on {self.broker!r}")
        if self.concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {self.concurrency!r}")

    @property
    def production(self) -> bool:
        """Whether the careful settings hold."""
        return self.profile == "production"

    def environment(self) -> dict[str, str]:
        """Return the variables of a worker's process."""
        return {**os.environ, VARIABLE: json.dumps(asdict(self)), "PYTHONUNBUFFERED": "1"}

    @classmethod
    def here(cls) -> Place:
        """Return the place of this worker's process.

        Raises:
            ValueError: started by hand, without a place.
        """
        try:
            return cls(**json.loads(os.environ[VARIABLE]))
        except KeyError:
            raise ValueError(f"{VARIABLE} is not set; a Fleet starts this program") from None


class Client(Protocol):
    """The producer's side."""

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Enqueue one task; returns when the broker has it."""

    def depth(self) -> int:
        """Return how many messages wait, as the broker counts them."""

    def close(self) -> None:
        """Close connections and remove what this namespace left in the broker."""


class Contender(Protocol):
    """What every file offers.

    Attributes:
        BROKERS: what it runs on.
        PACKAGE: the import that must be there; empty for ours.
        RECOVERY_S: within which its production profile has taken over from a killed worker.
        STOP: the signal that its worker takes for "finish what runs, then end".
    """

    BROKERS: tuple[str, ...]
    PACKAGE: str
    RECOVERY_S: float
    STOP: str

    def promise(self, profile: str, broker: str) -> Delivery:
        """Return what it promises when its worker is killed."""

    def app(self, place: Place) -> Any:
        """Return the object that the library's own worker program imports."""

    def client(self, place: Place) -> Client:
        """Return a producer; nothing is awaited for longer than some seconds."""

    def commands(self, place: Place) -> list[list[str]]:
        """Return the command lines of one worker."""


def load(name: str) -> Contender:
    """Return the contender of that name; its library is imported when it is used.

    Raises:
        ValueError: no file is called so.
    """
    if name not in NAMES:
        raise ValueError(f"unknown queue {name!r}: choose one of {', '.join(NAMES)}")
    return cast(Contender, importlib.import_module(f"{__name__}.{name}"))


def missing(name: str) -> str:
    """Return a sentence when a contender's library is not installed; empty when it is."""
    package = load(name).PACKAGE
    if package and importlib.util.find_spec(package) is None:
        return f"{package} is not installed (pip install -r requirements.txt)"
    return ""


def pairs() -> Iterable[tuple[str, str]]:
    """Return every contender with each of its brokers."""
    return [(name, broker) for name in NAMES for broker in load(name).BROKERS]


def unavailable(url: str, error: BaseException) -> QueueUnavailable:
    """Return the error of a broker that does not answer, without its password."""
    cause = f"the broker at {hidden(url)} does not answer ({type(error).__name__})"
    return QueueUnavailable(cause, "start it or correct the address")


def purge_redis(url: str, namespace: str) -> None:
    """Remove every key of a namespace; a broker that is gone has none."""
    import redis

    with redis.Redis.from_url(url, socket_timeout=SILENCE_S, socket_connect_timeout=4) as client:
        try:
            keys = list(client.scan_iter(match=f"*{namespace}*", count=1000))
            if keys:
                client.delete(*keys)
        except redis.RedisError:
            return


def amqp_depth(url: str, queue: str, *, delete: bool = False) -> int:
    """Return how many messages a RabbitMQ queue holds, 0 without one; or delete it.

    Raises:
        QueueUnavailable: no broker answers; one that is gone has no queue that could be deleted.
    """
    import pika  # type: ignore[import-untyped,unused-ignore]
    import pika.exceptions  # type: ignore[import-untyped,unused-ignore]

    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = 4
    try:
        connection = pika.BlockingConnection(parameters)
    except (pika.exceptions.AMQPError, OSError) as error:
        if delete:
            return 0
        raise unavailable(url, error) from None
    try:
        channel = connection.channel()
        if delete:
            channel.queue_delete(queue)
            return 0
        return int(channel.queue_declare(queue, passive=True).method.message_count)
    except pika.exceptions.ChannelClosedByBroker:
        return 0
    finally:
        connection.close()
