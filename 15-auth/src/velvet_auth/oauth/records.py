"""What the authorization server stores and answers: tables, grants, digests, the PKCE challenge."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from velvet_auth.database import Database
from velvet_auth.oauth.clients import GRANTS
from velvet_auth.tokens import LEEWAY_S

SCHEMA = """
CREATE TABLE IF NOT EXISTS codes (
    digest BLOB PRIMARY KEY, client TEXT, redirect_uri TEXT, challenge TEXT, user TEXT, scope TEXT,
    nonce TEXT, expires REAL, used_at REAL, family TEXT
);
CREATE TABLE IF NOT EXISTS families (id TEXT PRIMARY KEY, client TEXT, revoked_at REAL);
CREATE TABLE IF NOT EXISTS refresh (
    digest BLOB PRIMARY KEY, family TEXT, client TEXT, user TEXT, scope TEXT, expires REAL,
    used_at REAL
);
CREATE TABLE IF NOT EXISTS access (jti TEXT PRIMARY KEY, family TEXT, exp REAL);
CREATE TABLE IF NOT EXISTS denied (jti TEXT PRIMARY KEY, exp REAL NOT NULL);
CREATE TABLE IF NOT EXISTS devices (
    digest BLOB PRIMARY KEY, user_code TEXT UNIQUE, client TEXT, scope TEXT, expires REAL,
    polled_at REAL, interval REAL, user TEXT, state TEXT
);
"""
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Redirect:
    """Send the browser here."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class ErrorPage:
    """Show this to the user; never redirect to an address that was not verified."""

    code: str
    detail: str


@dataclass(frozen=True)
class Grant:
    """What a user agreed to, until it becomes tokens."""

    client: str
    user: str
    scope: str
    family: str
    nonce: str = ""


class RevokedTokens:
    """Access tokens that were revoked, in the store: a restart and other processes see them."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._db, self._clock = database, clock

    def add(self, jti: str, exp: float) -> None:
        """Revoke a token until it expires; entries that have expired are dropped."""
        self._db.change("DELETE FROM denied WHERE exp < ?", (self._clock() - LEEWAY_S,))
        self._db.change("INSERT OR IGNORE INTO denied VALUES (?, ?)", (jti, exp))

    def __contains__(self, jti: object) -> bool:
        return self._db.row("SELECT 1 FROM denied WHERE jti = ?", (jti,)) is not None


def digest(secret: str) -> bytes:
    """Return what is stored of a code or a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def s256(verifier: str) -> str:
    """Return the PKCE challenge of a verifier (RFC 7636 section 4.2)."""
    made = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def successor_of(secret: bytes, token: str) -> str:
    """Return the refresh token that follows a token; only the secret derives it."""
    made = hmac.new(secret, token.encode("utf-8", "replace"), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def metadata_of(base: str) -> dict[str, Any]:
    """Return the metadata of RFC 8414 for a server of that name."""
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "revocation_endpoint": f"{base}/revoke",
        "introspection_endpoint": f"{base}/introspect",
        "device_authorization_endpoint": f"{base}/device_authorization",
        "jwks_uri": f"{base}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": sorted(GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": True,
    }
