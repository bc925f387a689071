"""OpenID Connect: the ID token that names the user, and the client that verifies it.

A relying party keeps three values in the browser's session until the answer comes: `state` ties the
answer to this browser, `nonce` ties the ID token to this request, the PKCE verifier ties the code
to this client. `iss` in the answer tells two authorization servers apart (RFC 9207).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.keys import b64url
from velvet_auth.oauth.records import Grant, s256
from velvet_auth.tokens import Claims, Issuer, Keys, Verifier

ID_TYPE = "jwt"
ID_S = 300
PENDING = "oidc"


def at_hash(access_token: str) -> str:
    """Return the left half of the token's SHA-256 (OpenID Connect Core, section 3.1.3)."""
    return b64url(hashlib.sha256(access_token.encode("utf-8", "replace")).digest()[:16])


def id_tokens(issuer: Issuer) -> Callable[[Grant, str], str]:
    """Return the maker of ID tokens that an `AuthorizationServer` takes."""

    def make(grant: Grant, access_token: str) -> str:
        claims: dict[str, Any] = {
            "sub": grant.user,
            "aud": grant.client,
            "azp": grant.client,
            "at_hash": at_hash(access_token),
        }
        if grant.nonce:
            claims["nonce"] = grant.nonce
        if grant.auth_time is not None:  # of the login, also after a refresh (Core, section 12.2)
            claims["auth_time"] = int(grant.auth_time)
        return issuer.sign(claims, typ="JWT", ttl=ID_S)

    return make


@dataclass(frozen=True)
class Identity:
    """A user at an issuer; accounts are linked by this pair, never by an e-mail address."""

    issuer: str
    sub: str


class RelyingParty:
    """The client's side of the code flow; `session` is any mapping bound to the browser.

    Args:
        exchange: sends the form to the token endpoint and returns the answer.
    """

    def __init__(
        self,
        client_id: str,
        redirect_uri: str,
        issuer: str,
        keys: Keys,
        exchange: Callable[[dict[str, str]], Mapping[str, Any]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.client_id, self.redirect_uri, self.issuer = client_id, redirect_uri, issuer
        self._exchange = exchange
        self._verifier = Verifier(
            keys, issuer, client_id, typ=ID_TYPE, required=("exp", "iat", "sub"), clock=clock
        )

    def begin(self, session: dict[str, Any], scope: str = "openid read") -> str:
        """Return the authorization request's query, and keep its secrets in the session."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        session[PENDING] = {"state": state, "nonce": nonce, "verifier": verifier}
        return urlencode(
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": scope,
                "state": state,
                "nonce": nonce,
                "code_challenge": s256(verifier),
                "code_challenge_method": "S256",
            }
        )

    def finish(self, session: dict[str, Any], answer: Mapping[str, str]) -> Identity:
        """Exchange the code of an answer to the request of this session; once.

        Raises:
            OAuthError: `state`, `issuer`, `nonce`, `at_hash`, or the server's error.
            TokenError: the ID token is refused.
        """
        pending = session.pop(PENDING, None) or {}
        self.check_state(pending, answer)
        self.check_issuer(answer)
        if "error" in answer:
            raise OAuthError("access_denied", "the authorization server said no")
        tokens = self._exchange(
            {
                "grant_type": "authorization_code",
                "code": answer.get("code", ""),
                "redirect_uri": self.redirect_uri,
                "client_id": self.client_id,
                "code_verifier": str(pending.get("verifier", "")),
            }
        )
        claims = self._verifier.verify(str(tokens.get("id_token", "")))
        self.check_nonce(pending, claims)
        if claims.get("at_hash") not in (None, at_hash(str(tokens.get("access_token", "")))):
            raise OAuthError("at_hash", "the ID token belongs to another access token")
        if claims.get("azp", self.client_id) != self.client_id:
            raise TokenError("audience", "made for another client")
        return Identity(self.issuer, claims["sub"])

    def check_state(self, pending: Mapping[str, Any], answer: Mapping[str, str]) -> None:
        """RFC 9700 section 4.7: the answer belongs to a request of this browser."""
        wanted = str(pending.get("state", ""))
        given = answer.get("state", "")
        if not wanted or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            raise OAuthError("state", "no request of this browser has this state")

    def check_issuer(self, answer: Mapping[str, str]) -> None:
        """RFC 9207 section 2.4: the answer comes from the server that was asked."""
        if answer.get("iss") != self.issuer:
            raise OAuthError("issuer", "the answer is from another authorization server")

    def check_nonce(self, pending: Mapping[str, Any], claims: Claims) -> None:
        """OpenID Connect Core, ID Token Validation: the ID token belongs to this request."""
        ours, theirs = (ascii(one.get("nonce", "")) for one in (pending, claims))
        if not hmac.compare_digest(ours, theirs):
            raise OAuthError("nonce", "the ID token was made for another request")
