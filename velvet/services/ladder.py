"""What every server's ladder shares: the server handle, the climb and the refusal."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from velvet.errors import VelvetError

RUNG_SECONDS = 60.0
# A password may itself hold ":", "/" and "@", so all up to the last "@" is hidden; in an address
# that stands alone even blanks.
_WHOLE = re.compile(r"^(\s*[A-Za-z][\w+.-]*://[^:]*):.*@", re.DOTALL)
_WITHIN = re.compile(r"(://[^:/@\s]*):\S*@")
_SETTING = re.compile(
    r"\b(\w*(?:password|passwd|pwd|secret|token))\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s]*)", re.IGNORECASE
)


class RungFailed(Exception):
    """One rung gave no server; the message is the reason that will be shown."""


class ServiceUnavailable(VelvetError):
    """No rung gave a server.

    Attributes:
        tried: (rung, reason) in the order of the ladder.
        reason: why there is none, in one clause.
        remedy: the command that would give one.
    """

    def __init__(self, name: str, tried: Sequence[tuple[str, str]], remedy: str) -> None:
        self.name, self.tried, self.remedy = name, tuple(tried), remedy
        steps = "; ".join(f"{rung}: {why}" for rung, why in self.tried)
        self.reason = f"no {name}: {steps}"
        super().__init__(f"no {name} here ({steps}). {remedy}")


def hidden(text: str) -> str:
    """Return an address, or a text with addresses in it, whose passwords are not shown."""
    # Settings first: an "@" in one of them would pass for the end of a user's part.
    text = _SETTING.sub(r"\1=***", text)
    return _WITHIN.sub(r"\1:***@", _WHOLE.sub(r"\1:***@", text))


def free_port() -> int:
    """Return a loopback port that is free right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(host: str, port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


def exchange(url: str, port: int, message: bytes) -> bytes:
    """Send a message to an address (at `port` where it names none) and return the first answer."""
    parts = urlsplit(url)
    where = (parts.hostname or "127.0.0.1", parts.port or port)
    try:
        with socket.create_connection(where, timeout=2) as connection:
            connection.sendall(message)
            return connection.recv(65536)
    except OSError:
        return b""


def wait_until(
    ready: Callable[[], str | None],
    *,
    alive: Callable[[], bool] = lambda: True,
    what: str = "the server",
) -> str:
    """Poll until `ready` returns a text (the server's version) and return it.

    Where it ended, or did not answer a query in `RUNG_SECONDS`, raise RungFailed.
    """
    deadline, pause = time.monotonic() + RUNG_SECONDS, 0.02
    while (version := ready()) is None:
        if not alive():
            raise RungFailed(f"{what} ended before it answered")
        if time.monotonic() > deadline:
            raise RungFailed(f"{what} did not answer a query within {RUNG_SECONDS:g} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
    return version


@dataclass
class Hooks:
    """How a server of ours is controlled; every one of them may be called at any time."""

    start: Callable[[], str]  # returns the version that answers
    stop: Callable[[], None]
    kill: Callable[[], None]
    pid: Callable[[], int | None] = lambda: None
    # Lets it outlive this process, until `velvet services down`.
    keep: Callable[[], None] = lambda: None


@dataclass
class Server:
    """A running server.

    Attributes:
        url: its address, for a client; may hold a password, so print `shown` instead.
        rung: ``address``, ``binary``, ``container`` or ``wheel``.
        folder: its private data folder; None for servers that are not ours.
        notes: what must be printed beside its figures, such as ``fsync=off``.
        on_stop: what is called once it has stopped, in order.
    """

    name: str
    url: str
    version: str
    rung: str
    hooks: Hooks | None = field(default=None, repr=False)
    folder: Path | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    on_stop: list[Callable[[], object]] = field(default_factory=list, repr=False)
    stopped: bool = False

    @property
    def shown(self) -> str:
        """The address without its password."""
        return hidden(self.url)

    @property
    def ours(self) -> bool:
        """Whether this process started it and may end it."""
        return self.hooks is not None

    @property
    def pid(self) -> int | None:
        """The process id of the server, where it is ours and running."""
        return self.hooks.pid() if self.hooks else None

    def kill(self) -> None:
        """End the server (SIGKILL; its data stay), or raise VelvetError where it is not ours."""
        self._controlled("kill").kill()

    def restart(self) -> None:
        """Start it again on the same port with the same data, after `kill` or while running.

        Where it is not ours, or does not come back, raise VelvetError.
        """
        hooks = self._controlled("restart")
        if self.pid is not None:
            hooks.stop()
        try:
            self.version = hooks.start()
        except RungFailed as error:
            raise VelvetError(f"{self.name} did not come back: {error}") from None

    def stop(self) -> None:
        """Stop it if it is ours and remove everything it left; safe to call twice."""
        if self.stopped:
            return
        self.stopped = True
        try:
            if self.hooks is not None:
                self.hooks.stop()
        finally:
            for callback in self.on_stop:
                callback()

    def _controlled(self, verb: str) -> Hooks:
        if self.hooks is None:
            raise VelvetError(
                f"refused to {verb} the {self.name} at {self.shown}: it is not ours; "
                f"unset VELVET_{self.name.upper()}_URL to use a private one"
            )
        return self.hooks

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def climb(name: str, rungs: Mapping[str, Callable[[], Server]], remedy: str) -> Server:
    """Return the server of the first rung that gives one; raise ServiceUnavailable without any."""
    tried: list[tuple[str, str]] = []
    for rung, make in rungs.items():
        try:
            server = make()
        except RungFailed as error:
            tried.append((rung, str(error)))
        else:
            server.skipped = tuple(tried)
            return server
    raise ServiceUnavailable(name, tried, remedy)


def answering(name: str, variable: str, ask: Callable[[str], str | None]) -> Server:
    """Return the server that the environment names, once it has answered; else raise RungFailed."""
    url = os.environ.get(variable, "").strip()
    if not url:
        raise RungFailed(f"{variable} is not set")
    try:
        version = ask(url)
    except ValueError:
        # The error's own text may quote the password.
        raise RungFailed(f"{hidden(url)} is not the address of a server") from None
    if version is None:
        raise RungFailed(f"{hidden(url)} does not answer")
    return Server(name, url, version, "address")
