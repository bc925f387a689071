"""A production configuration for each front end, with the reason for every option.

The tests start each of them and attack it. An option whose effect can be measured names what
shows it; numbers that depend on the machine (workers, limits) are derived, not guessed: workers
from the cores, the in-flight limit from Little's law (requests in service = rate x time).
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from importlib.resources import files

from velvet_web.contenders import load
from velvet_web.servers import FAST_LOOP, TARGET, usual_server
from velvet_web.settings import PREFIX, Settings


@dataclass(frozen=True)
class Option:
    """Words of a command line, or a setting, and why they are there."""

    words: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Needs:
    """What a deployment must carry.

    Attributes:
        rate: requests per second at the peak.
        service_ms: milliseconds that one request takes without waiting.
        cores: of the machine.
        deadline_ms: after which an answer is of no use.
        grace: seconds between SIGTERM and SIGKILL that the orchestrator gives.
    """

    rate: float = 200.0
    service_ms: float = 50.0
    cores: int = 2
    deadline_ms: float = 250.0
    grace: int = 30

    def __post_init__(self) -> None:
        if not all(n > 0 for n in (self.rate, self.service_ms, self.deadline_ms, self.cores)):
            raise ValueError(f"rate, service_ms and deadline_ms are above 0, cores too, not {self}")
        if not self.grace >= 5:
            raise ValueError(f"a grace of {self.grace} s cannot hold a drain; give at least 5")

    @property
    def concurrency(self) -> int:
        """Requests in service at once at the peak: Little's law."""
        return max(1, math.ceil(self.rate * self.service_ms / 1e3))

    @property
    def queue(self) -> int:
        """Requests that can wait and still meet the deadline, with half of it kept in reserve."""
        left = max(0.0, self.deadline_ms / 2 - self.service_ms) / 1e3
        return math.ceil(left * self.rate)


def server_of(contender: str) -> str:
    """Return the server that we would start a front end with on this platform."""
    return usual_server(load(contender).INTERFACE)


def options(contender: str, needs: Needs, port: int = 8000) -> list[Option]:
    """Return the options of the server that we would start this front end with."""
    values = {
        "port": int(port),
        "cores": needs.cores,
        "loop": FAST_LOOP,
        "drain": needs.grace - 5,
        "threads": math.ceil(needs.concurrency / needs.cores) + 2,
    }
    text = files("velvet_web").joinpath("production.json").read_text(encoding="utf-8")
    return [
        Option(tuple(word.format(**values) for word in one["words"]), one["reason"])
        for one in json.loads(text)[server_of(contender)]
    ]


def settings_for(contender: str, needs: Needs, base: Settings) -> Settings:
    """Return the settings of a worker: its share of the limits, and the rest of the defaults."""
    share = math.ceil(needs.concurrency / needs.cores)
    asynchronous = load(contender).INTERFACE == "asgi"
    return replace(
        base,
        store="threads",
        max_inflight=share if asynchronous else share + 1,
        max_queue=math.ceil(needs.queue / needs.cores) if asynchronous else 0,
        max_wait=needs.deadline_ms / 2e3,
    )


def command(contender: str, needs: Needs, port: int) -> list[str]:
    """Return the command line on a port of the loopback address."""
    words = [word for option in options(contender, needs, port) for word in option.words]
    return [sys.executable, "-m", server_of(contender), *words, TARGET]


def unit(contender: str, needs: Needs, settings: Settings) -> str:
    """Return a systemd unit with the command and the settings that differ from the defaults.

    Its stop first makes `/readyz` answer 503, and signals when the load balancer has noticed.
    """
    default = Settings(dsn=settings.dsn, secret=settings.secret).to_env()
    placed = replace(
        settings,
        allowed_hosts=("board.example", "127.0.0.1"),
        public_url="https://board.example",
        drain_file="/run/board/drain",
    )
    changed = [
        f"Environment={name}={value}"
        for name, value in placed.to_env().items()
        if value != default[name] or name == f"{PREFIX}DSN"
    ]
    start = " ".join(["/opt/board/bin/python", *command(contender, needs, 8000)[1:]])
    return "\n".join(
        [
            "[Service]",
            f"Environment=APP_OF_VELVET_WEB={contender}",
            *changed,
            f"# {PREFIX}SECRET, the same for all workers",
            "EnvironmentFile=/etc/board.env",
            f"ExecStart={start}",
            'ExecStop=/bin/sh -c "touch /run/board/drain; sleep 5"',
            f"TimeoutStopSec={needs.grace}",
            "KillMode=mixed",
            "Restart=always",
            "# no root, no writing anywhere but in these two",
            "DynamicUser=yes",
            "StateDirectory=board",
            "RuntimeDirectory=board",
        ]
    )
