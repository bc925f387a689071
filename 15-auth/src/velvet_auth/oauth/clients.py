"""Clients of the authorization server, and how a client proves that it is one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus, urlsplit

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.keys import KeySet
from velvet_auth.tokens import LEEWAY_S, Verifier

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = frozenset({"authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT})
LOOPBACK = ("127.0.0.1", "::1")
SCHEMA = "CREATE TABLE IF NOT EXISTS assertions (jti TEXT PRIMARY KEY, exp REAL NOT NULL);"


def secret_digest(secret: str) -> str:
    """Return what is stored of a generated client secret (256 random bits need no slow hash)."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Client:
    """A registered client; public without `secret_digest` and `keys`."""

    id: str
    redirect_uris: tuple[str, ...] = ()
    grants: frozenset[str] = frozenset({"authorization_code", "refresh_token"})
    scopes: frozenset[str] = frozenset({"openid", "read"})
    secret_digest: str = field(default="", repr=False)
    keys: KeySet | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if unknown := self.grants - GRANTS:
            raise ValueError(f"unknown grants: {', '.join(sorted(unknown))}")
        for uri in self.redirect_uris:
            parts = urlsplit(uri)
            if not parts.scheme or not parts.netloc or parts.fragment:
                raise ValueError(f"{uri!r} is no absolute redirect URI without a fragment")

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret, as an application on a user's device."""
        return not self.secret_digest and self.keys is None


def redirect_allowed(client: Client, uri: str) -> bool:
    """Whether a redirect URI equals a registered one, character by character.

    RFC 9700 section 4.1.3; the port of a loopback address may differ (RFC 8252 section 7.3).
    """
    if uri in client.redirect_uris:
        return True
    for registered in client.redirect_uris:
        home = urlsplit(registered)
        if home.hostname not in LOOPBACK or home.scheme != "http":
            continue
        try:
            port = urlsplit(uri).port
        except ValueError:
            continue
        if port and uri == home._replace(netloc=_with_port(home.netloc, port)).geturl():
            return True
    return False


def _with_port(netloc: str, port: int) -> str:
    host = netloc if netloc.endswith("]") else netloc.rpartition(":")[0] or netloc
    return f"{host}:{port}"


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name; OAuthError for one that occurs twice (RFC 6749 section 3.1)."""
    made: dict[str, str] = {}
    for name, value in pairs:
        if name in made:
            raise OAuthError("invalid_request", f"{name} occurs twice")
        made[name] = value
    return made


class ClientAuthenticator:
    """Checks `client_secret_basic`, `client_secret_post`, `private_key_jwt`, or a public client."""

    def __init__(
        self,
        clients: Iterable[Client],
        database: Database,
        issuer: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clients = {client.id: client for client in clients}
        self._db, self._issuer, self._clock = database, issuer, clock
        database.define(SCHEMA)

    def get(self, client_id: str | None) -> Client | None:
        """Return a client, or None."""
        return self._clients.get(client_id or "")

    def authenticate(self, form: Mapping[str, str], authorization: str = "") -> Client:
        """Return the client that sent a request to the token endpoint.

        Raises:
            OAuthError: `invalid_request` for two methods at once, else `invalid_client` (401).
        """
        methods = [bool(authorization), "client_secret" in form, "client_assertion" in form]
        if sum(methods) > 1:
            raise OAuthError("invalid_request", "two ways of client authentication at once")
        if authorization:
            name, secret = basic_credentials(authorization)
            if form.get("client_id", name) != name:
                raise OAuthError("invalid_request", "two client ids")
            return self._by_secret(name, secret)
        if "client_assertion" in form:
            return self._by_assertion(form)
        name = form.get("client_id", "")
        if "client_secret" in form:
            return self._by_secret(name, form["client_secret"])
        client = self.get(name)
        if client is None or not client.public:
            raise _refused()
        return client

    def _by_secret(self, name: str, secret: str) -> Client:
        client = self.get(name)
        stored = client.secret_digest if client else ""
        if not hmac.compare_digest(stored, secret_digest(secret)) or client is None:
            raise _refused()
        return client

    def _by_assertion(self, form: Mapping[str, str]) -> Client:
        client = self.get(form.get("client_id"))
        if client is None or not client.keys:
            raise _refused()
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError("invalid_request", "an unknown client_assertion_type")
        verifier = Verifier(
            client.keys, issuer=client.id, audience=self._issuer, typ="jwt", clock=self._clock
        )
        try:
            claims = verifier.verify(form["client_assertion"])
        except TokenError:
            raise _refused() from None
        row = (f"{client.id} {claims['jti']}", claims["exp"])
        self._db.change("DELETE FROM assertions WHERE exp < ?", (self._clock() - LEEWAY_S,))
        fresh = self._db.change("INSERT OR IGNORE INTO assertions VALUES (?, ?)", row)
        if claims["sub"] != client.id or not fresh:
            raise _refused()
        return client


def _refused() -> OAuthError:
    return OAuthError("invalid_client", "the client did not authenticate", 401)


def basic_credentials(header: str) -> tuple[str, str]:
    """Return name and secret of an Authorization header; OAuthError unless it is Basic."""
    scheme, _, value = header.partition(" ")
    try:
        told = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise _refused() from None
    name, colon, secret = told.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _refused()
    return unquote_plus(name), unquote_plus(secret)
