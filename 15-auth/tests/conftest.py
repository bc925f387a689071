"""What the tests of this module share: a clock, a database, a server, and a watch over the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from velvet_auth.database import Database
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import DEVICE_GRANT, Client, secret_digest
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oidc import id_tokens
from velvet_auth.samples.lab import Clock
from velvet_auth.tokens import Issuer

hypothesis.settings.register_profile("without a clock", deadline=None, max_examples=60)
hypothesis.settings.load_profile("without a clock")

# What no test may show beside `marmalade`, which every password, code and secret of these tests
# holds: a canary, a signed token, a private key, a second factor.
PASSWORDS = r"canary-|eyJ[\w-]{8,}\.eyJ|PRIVATE KEY|[?&]secret="
SECRET = "marmalade-client-secret-of-256-bits"


@pytest.fixture(autouse=True)
def _every_log_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")


@pytest.fixture(autouse=True)
def _tidy(nothing_left: None) -> None:
    """Fail what leaves a thread, a process or a socket behind."""


@pytest.fixture
def clock() -> Clock:
    made = Clock()
    made.now = 1_800_000_000.0
    return made


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "auth.db") as database:
        yield database


@pytest.fixture(scope="session")
def es256() -> Key:
    return Key.generate("ES256", "k1")


CLIENTS = (
    Client("app", ("https://app.example/cb", "http://127.0.0.1:9/cb")),
    Client("evil", ("https://evil.example/cb",)),
    Client(
        "service",
        grants=frozenset({"client_credentials"}),
        scopes=frozenset({"read", "write"}),
        secret_digest=secret_digest(SECRET),
    ),
    Client("tv", grants=frozenset({DEVICE_GRANT, "refresh_token"}), scopes=frozenset({"read"})),
)


@pytest.fixture
def server(clock: Clock, db: Database, es256: Key) -> AuthorizationServer:
    return _server(clock, db, es256)


@pytest.fixture
def make_server() -> Callable[..., AuthorizationServer]:
    """Return the maker of a server with other options."""
    return _server


def _server(clock: Any, db: Database, key: Key, **options: Any) -> AuthorizationServer:
    issuer = Issuer("https://as.example", KeySet([key]), clock=clock)
    return AuthorizationServer(
        issuer,
        options.pop("clients", CLIENTS),
        db,
        audience="api",
        secret=b"s" * 32,
        clock=clock,
        id_token=id_tokens(issuer),
        **options,
    )
