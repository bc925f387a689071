"""What a deployment may change, read once at the start and refused at once when it makes no sense.

A server that starts with a misspelt variable runs with a default that no operator chose. So an
unknown `VELVET_WEB_` name and a value outside its range end the start, before a port is open.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

PREFIX = "VELVET_WEB_"


@dataclass(frozen=True)
class Settings:
    """The settings of one server process.

    Attributes:
        dsn: path of a SQLite file, or a `postgresql://` address.
        store: whether async front ends query `inline` on the event loop or in `threads`.
        stack: `full` wraps the application in its middleware; `none` is for measuring without.
        allowed_hosts: values of `Host` (without port) that are answered; others get 400.
        public_url: the base of `url` members behind a proxy; empty takes scheme and host.
        max_body: largest request body in bytes.
        max_inflight: requests served at once before the others queue; 0 sets no limit.
        max_queue: requests that may wait for their turn; one more is answered with 503.
        max_wait: seconds a request may wait for its turn.
        busy: seconds a query waits for a locked database.
        drain_file: while this file exists, `/readyz` answers 503.
        secret: signs cursors; all workers of a deployment need the same one.
    """

    dsn: str = field(repr=False)  # may hold a password
    store: str = "inline"
    stack: str = "full"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    public_url: str = ""
    cors_origins: tuple[str, ...] = ("*",)
    max_body: int = 64 * 1024
    max_inflight: int = 0
    max_queue: int = 0
    max_wait: float = 1.0
    busy: float = 0.5
    drain_file: str = ""
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def __post_init__(self) -> None:
        if not self.dsn:
            raise ValueError("dsn is empty; give a file for SQLite or a postgresql:// address")
        for name, allowed in (("store", ("inline", "threads")), ("stack", ("full", "none"))):
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} is {value!r}; it is one of {', '.join(allowed)}")
        for name in ("max_inflight", "max_queue", "max_wait", "busy", "max_body"):
            least = int(name == "max_body")
            if not least <= getattr(self, name) < 1e9:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be {least} or more")
        scheme, _, rest = self.public_url.partition("://")
        if self.public_url and (scheme not in ("http", "https") or not rest or rest.endswith("/")):
            raise ValueError(f"public_url {self.public_url!r}: give https://name without a slash")
        if len(self.secret) < 16:
            raise ValueError("secret is shorter than 16 characters; leave it out to get a new one")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables with our prefix.

        Raises:
            ValueError: a name is unknown, a number is none, or a value is out of range.
        """
        known = {one.name: one.type for one in fields(cls)}
        given: dict[str, Any] = {}
        for variable in sorted(environ):
            if not variable.startswith(PREFIX):
                continue
            name, text = variable[len(PREFIX) :].lower(), environ[variable]
            if name not in known:
                raise ValueError(f"{variable} is no setting; known are {', '.join(sorted(known))}")
            try:
                given[name] = _READERS.get(str(known[name]), str)(text)
            except ValueError:
                raise ValueError(f"{variable}={text!r} is no {known[name]}") from None
        return cls(**{"dsn": "", **given})

    def to_env(self) -> dict[str, str]:
        """Return the variables that `from_env` reads back to equal settings."""
        found = {}
        for one in fields(self):
            value = getattr(self, one.name)
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            found[PREFIX + one.name.upper()] = text
        return found


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: dict[str, Callable[[str], Any]] = {"int": int, "float": float, "tuple[str, ...]": _names}
