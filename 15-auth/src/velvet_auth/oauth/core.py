"""An authorization server without I/O: requests in, answers out, state in SQLite.

Grants: authorization code with PKCE S256 for every client, refresh with rotation in families,
client credentials, device code. Each rule that OAuth 2.1 and RFC 9700 make a MUST is a method of its
own, because the laboratory replaces one of them at a time with what tutorials do.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode, urlsplit

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.oauth.clients import (
    DEVICE_GRANT,
    GRANTS,
    Client,
    ClientAuthenticator,
    redirect_allowed,
    single,
)
from velvet_auth.oauth.records import (
    SCHEMA,
    ErrorPage,
    Grant,
    Pairs,
    Redirect,
    digest,
    metadata_of,
    s256,
    successor_of,
)
from velvet_auth.tokens import ACCESS_TYPE, DenyList, Issuer, Verifier

CODE_S, ACCESS_S, REFRESH_S, DEVICE_S = 60, 300, 14 * 86_400, 600
POLL_S = 5
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words (RFC 8628 section 6.1)


class AuthorizationServer:
    """The endpoints of RFC 6749, 7009, 7636, 7662, 8414, 8628 and 9207 as methods.

    Args:
        issuer: makes the access tokens; its name is the server's.
        audience: the service that accepts them.
        secret: at least 32 bytes from which refresh successors are derived, so that a retry within `grace_s`
            gets the same one although only digests are stored.
        grace_s: seconds in which the same client may present a used refresh token again.
        id_token: makes an ID token of a grant and an access token, for the scope `openid`.
    """

    def __init__(
        self,
        issuer: Issuer,
        clients: Iterable[Client],
        database: Database,
        *,
        audience: str,
        secret: bytes,
        grace_s: float = 0.0,
        clock: Callable[[], float] = time.time,
        id_token: Callable[[Grant, str], str] | None = None,
    ) -> None:
        if len(secret) < 32:
            raise ValueError("the secret of the refresh tokens needs 32 bytes")
        if not grace_s >= 0:
            raise ValueError(f"grace_s is a number of seconds from 0 up, not {grace_s}")
        self.issuer, self._db, self._clock, self._audience = issuer, database, clock, audience
        self._secret, self._grace, self._id_token = secret, grace_s, id_token
        self.clients = ClientAuthenticator(clients, database, issuer.issuer, clock=clock)
        self.denied = DenyList(database, clock)
        database.define(SCHEMA)
        self.verifier = Verifier(
            issuer.keys, issuer.issuer, audience, denied=self.denied, clock=clock
        )

    def authorize(
        self, pairs: Pairs, user: str, auth_time: float | None = None
    ) -> Redirect | ErrorPage:
        """Answer an authorization request to which a user, who logged in at `auth_time`, has agreed.

        An unknown client or an unregistered redirect URI gets a page, everything else a redirect
        with `error`, `state` and `iss` (RFC 9207).
        """
        try:
            told = single(pairs)
        except OAuthError as error:
            return ErrorPage(error.code, error.detail)
        client = self.clients.get(told.get("client_id"))
        if client is None:
            return ErrorPage("invalid_client", "the client is unknown")
        uri = told.get("redirect_uri", "")
        if not self.redirect_allowed(client, uri):
            return ErrorPage("invalid_request", "the redirect URI is not registered")
        answer = {"iss": self.issuer.issuer}
        if "state" in told:
            answer["state"] = told["state"]
        try:
            if told.get("response_type") != "code" or "authorization_code" not in client.grants:
                raise OAuthError("unsupported_response_type", "code is supported")
            challenge = self.challenge_of(told)
            scope = self.granted_scope(told.get("scope", ""), client.scopes)
            bound_to = (uri, challenge, user, scope, told.get("nonce", ""))
            answer["code"] = self._new_code(client, auth_time, *bound_to)
        except OAuthError as error:
            answer["error"] = error.code
        joint = "&" if urlsplit(uri).query else "?"
        return Redirect(uri + joint + urlencode(answer))

    def redirect_allowed(self, client: Client, uri: str) -> bool:
        """RFC 9700 section 4.1.3: exact comparison."""
        return redirect_allowed(client, uri)

    def challenge_of(self, told: dict[str, str]) -> str:
        """RFC 9700 section 2.1.1: PKCE for every client, and S256 only."""
        challenge = told.get("code_challenge", "")
        if told.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
            raise OAuthError("invalid_request", "code_challenge with S256 is required")
        return challenge

    def granted_scope(self, asked: str, allowed: Iterable[str]) -> str:
        """RFC 6749 sections 3.3 and 6: a scope never exceeds what was allowed before."""
        allowed = set(allowed)
        wanted = set(asked.split()) if asked else allowed
        if not wanted <= allowed:
            raise OAuthError("invalid_scope", "more than this client or token may have")
        return " ".join(sorted(wanted))

    def _new_code(self, client: Client, auth_time: float | None, *bound_to: str) -> str:
        """Store a code for a redirect URI, a challenge, a user, a scope and a nonce."""
        code, family = secrets.token_urlsafe(32), secrets.token_hex(16)
        row = (digest(code), client.id, *bound_to, self._clock() + CODE_S, family)
        with self._db.transaction():
            self._new_family(family, client, auth_time)
            self._db.change("INSERT INTO codes VALUES (?,?,?,?,?,?,?,?,NULL,?)", row)
        return code

    def _new_family(self, family: str, client: Client, auth_time: float | None = None) -> None:
        row = (family, client.id, auth_time)
        self._db.change("INSERT INTO families VALUES (?, ?, NULL, ?)", row)

    def token(self, pairs: Pairs, authorization: str = "") -> dict[str, Any]:
        """Answer a request to the token endpoint.

        Raises:
            OAuthError: with a code of RFC 6749 section 5.2 or RFC 8628 section 3.5.
        """
        form = single(pairs)
        client = self.clients.authenticate(form, authorization)
        grant = form.get("grant_type", "")
        if grant not in GRANTS:
            raise OAuthError("unsupported_grant_type", "an unknown grant")
        if grant not in client.grants:
            raise OAuthError("unauthorized_client", "the client may not use this grant")
        if grant == "authorization_code":
            return self._by_code(client, form)
        if grant == "refresh_token":
            return self._by_refresh(client, form)
        if grant == DEVICE_GRANT:
            return self._by_device(client, form)
        if client.public:
            raise OAuthError("unauthorized_client", "a public client has no credentials")
        scope = self.granted_scope(form.get("scope", ""), client.scopes - {"openid"})
        return self._answer(Grant(client.id, client.id, scope, ""), "")

    def _by_code(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        found = self._db.row(
            "SELECT c.client, redirect_uri, challenge, user, scope, nonce, expires, family, auth_time"
            " FROM codes c JOIN families f ON f.id = family WHERE digest = ?",
            (digest(form.get("code", "")),),
        )
        if found is None:
            raise OAuthError("invalid_grant", "the code is unknown")
        owner, uri, challenge, user, scope, nonce, expires, family, auth_time = found
        self.check_client(owner, client)
        if form.get("redirect_uri", uri) != uri:
            raise OAuthError("invalid_grant", "another redirect URI")
        self.check_verifier(challenge, form.get("code_verifier", ""))
        grant = Grant(client.id, user, scope, family, nonce, auth_time)
        with self._db.transaction():
            first = self.use_code(digest(form["code"]))
            if first and expires < self._clock():
                raise OAuthError("invalid_grant", "the code is old")
            answer = self._answer(grant, self._new_refresh(grant, client)) if first else {}
        if not first:
            self._revoke_family(family)  # RFC 6749 section 4.1.2: and what the code brought
            raise OAuthError("invalid_grant", "the code was used")
        return answer

    def check_client(self, owner: str, client: Client) -> None:
        """RFC 6749 sections 4.1.3 and 6: a code or a token belongs to one client."""
        if owner != client.id:
            raise OAuthError("invalid_grant", "issued to another client")

    def check_verifier(self, challenge: str, verifier: str) -> None:
        """RFC 7636 section 4.6."""
        if not VERIFIER.fullmatch(verifier):
            raise OAuthError("invalid_grant", "code_verifier is not 43 to 128 unreserved letters")
        if not hmac.compare_digest(s256(verifier), challenge):
            raise OAuthError("invalid_grant", "code_verifier is not that of the challenge")

    def use_code(self, code: bytes) -> bool:
        """RFC 6749 section 4.1.2: once; the row count decides between two requests."""
        mark = "UPDATE codes SET used_at = ? WHERE digest = ? AND used_at IS NULL"
        return self._db.change(mark, (self._clock(), code)) == 1

    def _by_refresh(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        successor = successor_of(self._secret, token)
        with self._db.transaction():  # the answer as well: no token outlives its family
            found = self._db.row(
                "SELECT r.client, r.user, r.scope, r.expires, r.family, f.revoked_at, f.auth_time"
                " FROM refresh r JOIN families f ON f.id = r.family WHERE r.digest = ?",
                (digest(token),),
            )
            if found is None:
                raise OAuthError("invalid_grant", "the refresh token is unknown")
            owner, user, scope, expires, family, revoked_at, auth_time = found
            self.check_client(owner, client)
            if expires < self._clock() or revoked_at is not None:
                raise OAuthError("invalid_grant", "the refresh token is old or revoked")
            scope = self.granted_scope(form.get("scope", ""), scope.split())
            grant = Grant(client.id, user, scope, family, auth_time=auth_time)
            first = self.use_refresh(digest(token))
            if first:
                self._store_refresh(successor, grant)
            if first or self._in_grace(token, successor):
                return self._answer(grant, successor)
        self._revoke_family(family)  # RFC 9700 section 4.14.2: thief and owner look alike
        raise OAuthError("invalid_grant", "the refresh token was used; its family is revoked")

    def use_refresh(self, token: bytes) -> bool:
        """RFC 9700 section 4.14.2: once; of any number of racing requests one changes the row."""
        mark = "UPDATE refresh SET used_at = ? WHERE digest = ? AND used_at IS NULL"
        return self._db.change(mark, (self._clock(), token)) == 1

    def _in_grace(self, token: str, successor: str) -> bool:
        used = self._db.row("SELECT used_at FROM refresh WHERE digest = ?", (digest(token),))
        after = self._db.row("SELECT used_at FROM refresh WHERE digest = ?", (digest(successor),))
        if not used or not after or after[0] is not None:
            return False
        return self._grace > 0 and abs(self._clock() - float(used[0])) <= self._grace

    def _new_refresh(self, grant: Grant, client: Client) -> str:
        if "refresh_token" not in client.grants:
            return ""
        made = secrets.token_urlsafe(32)
        self._store_refresh(made, grant)
        return made

    def _store_refresh(self, token: str, grant: Grant) -> None:
        row = (digest(token), grant.family, grant.client, grant.user, grant.scope)
        expires = self._clock() + REFRESH_S
        self._db.change("INSERT INTO refresh VALUES (?, ?, ?, ?, ?, ?, NULL)", (*row, expires))

    def _answer(self, grant: Grant, refresh: str) -> dict[str, Any]:
        told = {"sub": grant.user, "scope": grant.scope, "client_id": grant.client}
        token = self.issuer.sign({**told, "aud": self._audience}, typ=ACCESS_TYPE, ttl=ACCESS_S)
        claims = self.verifier.verify(token)
        self._db.change(
            "INSERT INTO access VALUES (?, ?, ?)", (claims["jti"], grant.family, claims["exp"])
        )
        answer = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "scope": grant.scope,
        }
        if refresh:
            answer["refresh_token"] = refresh
        if self._id_token is not None and "openid" in grant.scope.split():
            answer["id_token"] = self._id_token(grant, token)
        return answer

    def device_authorization(self, pairs: Pairs, authorization: str = "") -> dict[str, Any]:
        """RFC 8628 section 3.1: return a device code and the code that the user types."""
        form = single(pairs)
        client = self.clients.authenticate(form, authorization)
        if DEVICE_GRANT not in client.grants:
            raise OAuthError("unauthorized_client", "the client may not use this grant")
        scope = self.granted_scope(form.get("scope", ""), client.scopes)
        code = secrets.token_urlsafe(32)
        letters = "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(8))
        user_code = f"{letters[:4]}-{letters[4:]}"
        expires = self._clock() + DEVICE_S
        row = (digest(code), user_code, client.id, scope, expires, 0.0, POLL_S)
        self._db.change("INSERT INTO devices VALUES (?,?,?,?,?,?,?,NULL,'pending')", row)
        page = f"{self.issuer.issuer}/device"
        return {
            "device_code": code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={user_code}",
            "expires_in": DEVICE_S,
            "interval": POLL_S,
        }

    def decide_device(self, user_code: str, user: str, *, allow: bool) -> bool:
        """Store the user's decision; return whether such a code was open."""
        told = (user, "allowed" if allow else "denied", user_code.upper().strip(), self._clock())
        decide = (
            "UPDATE devices SET user = ?, state = ?"
            " WHERE user_code = ? AND state = 'pending' AND expires > ?"
        )
        return self._db.change(decide, told) == 1

    def _by_device(self, client: Client, form: dict[str, str]) -> dict[str, Any]:
        code, now = digest(form.get("device_code", "")), self._clock()
        found = self._db.row(
            "SELECT client, scope, expires, polled_at, interval, user, state"
            " FROM devices WHERE digest = ?",
            (code,),
        )
        if found is None:
            raise OAuthError("invalid_grant", "the device code is unknown")
        owner, scope, expires, polled_at, interval, user, state = found
        self.check_client(owner, client)
        if now > expires:
            raise OAuthError("expired_token", "the user did not answer in time")
        if now - polled_at < interval:
            slower = "UPDATE devices SET polled_at = ?, interval = interval + 5 WHERE digest = ?"
            self._db.change(slower, (now, code))
            raise OAuthError("slow_down", "poll five seconds less often")
        self._db.change("UPDATE devices SET polled_at = ? WHERE digest = ?", (now, code))
        if state == "pending":
            raise OAuthError("authorization_pending", "the user has not answered")
        if state == "denied":
            raise OAuthError("access_denied", "the user said no")
        family = secrets.token_hex(16)
        grant = Grant(client.id, user, scope, family)
        with self._db.transaction():
            used = "UPDATE devices SET state = 'used' WHERE digest = ? AND state = 'allowed'"
            if not self._db.change(used, (code,)):
                raise OAuthError("invalid_grant", "the device code was used")
            self._new_family(family, client)
            return self._answer(grant, self._new_refresh(grant, client))

    def revoke(self, pairs: Pairs, authorization: str = "") -> None:
        """RFC 7009: end a token of this client; an unknown one is no error."""
        form = single(pairs)
        client = self.clients.authenticate(form, authorization)
        token = form.get("token", "")
        statement = "SELECT family FROM refresh WHERE digest = ? AND client = ?"
        if found := self._db.row(statement, (digest(token), client.id)):
            self._revoke_family(found[0])
            return
        try:
            claims = self.verifier.verify(token)
        except TokenError:
            return
        if claims.get("client_id") == client.id:
            self.denied.add(claims["jti"], claims["exp"])

    def _revoke_family(self, family: str) -> None:
        ended, made = (self._clock(), family), "SELECT jti, exp FROM access WHERE family = ?"
        with self._db.transaction():
            self._db.change("UPDATE families SET revoked_at = ? WHERE id = ?", ended)
            for jti, exp in self._db.rows(made, (family,)):
                self.denied.add(jti, exp)

    def introspect(self, pairs: Pairs, authorization: str = "") -> dict[str, Any]:
        """RFC 7662: whether an access token is alive, for a confidential client."""
        form = single(pairs)
        if self.clients.authenticate(form, authorization).public:
            raise OAuthError("invalid_client", "introspection needs a confidential client", 401)
        try:
            return {"active": True, **self.verifier.verify(form.get("token", ""))}
        except TokenError:
            return {"active": False}

    def metadata(self) -> dict[str, Any]:
        """RFC 8414: what this server offers."""
        return metadata_of(self.issuer.issuer, self.issuer.keys.active.alg)
