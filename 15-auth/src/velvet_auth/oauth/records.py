"""What the authorization server stores and answers: tables, grants, digests, the PKCE challenge."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from velvet_auth.keys import b64url
from velvet_auth.oauth.clients import GRANTS

SCHEMA = """
CREATE TABLE IF NOT EXISTS codes (
    digest BLOB PRIMARY KEY, client TEXT, redirect_uri TEXT, challenge TEXT, user TEXT, scope TEXT,
    nonce TEXT, expires REAL, used_at REAL, family TEXT
);
CREATE TABLE IF NOT EXISTS families (
    id TEXT PRIMARY KEY, client TEXT, revoked_at REAL, auth_time REAL
);
CREATE TABLE IF NOT EXISTS refresh (
    digest BLOB PRIMARY KEY, family TEXT, client TEXT, user TEXT, scope TEXT, expires REAL,
    used_at REAL
);
CREATE TABLE IF NOT EXISTS access (jti TEXT PRIMARY KEY, family TEXT, exp REAL);
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
    auth_time: float | None = None


def digest(secret: str) -> bytes:
    """Return what is stored of a code or a token."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def s256(verifier: str) -> str:
    """Return the PKCE challenge of a verifier (RFC 7636 section 4.2)."""
    return b64url(hashlib.sha256(verifier.encode("ascii", "replace")).digest())


def successor_of(secret: bytes, token: str) -> str:
    """Return the refresh token that follows a token; only the secret derives it."""
    return b64url(hmac.new(secret, token.encode("utf-8", "replace"), hashlib.sha256).digest())


def metadata_of(base: str, alg: str) -> dict[str, Any]:
    """Return the metadata of RFC 8414, and what OpenID Connect Discovery adds, for a server.

    Args:
        base: the issuer's name, an address without a slash at its end.
        alg: the algorithm that signs ID tokens.
    """
    methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "revocation_endpoint": f"{base}/revoke",
        "introspection_endpoint": f"{base}/introspect",
        "device_authorization_endpoint": f"{base}/device_authorization",
        "jwks_uri": f"{base}/jwks",
        "userinfo_endpoint": f"{base}/userinfo",
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [alg],
        "response_types_supported": ["code"],
        "grant_types_supported": sorted(GRANTS),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "authorization_response_iss_parameter_supported": True,
    }
