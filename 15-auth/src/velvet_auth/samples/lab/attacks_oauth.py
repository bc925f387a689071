"""Eleven attacks on OAuth and OpenID Connect, each against one MUST of RFC 9700 and its relatives."""

# ruff: noqa: ARG001 - every exploit and every build of a feature has the same signature
from __future__ import annotations

import threading
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import Client
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import Redirect, s256
from velvet_auth.oidc import RelyingParty, id_tokens
from velvet_auth.samples.lab import Failed, Scene, Send, attack
from velvet_auth.tokens import Issuer

AS, API, CALLBACK = "https://as.example", "api", "https://app.example"
EVIL = "https://app.example.evil.example/cb"
OWN = "v" * 43  # the attacker's PKCE verifier
VICTIMS = "w" * 43  # the verifier in the victim's client


@lru_cache(maxsize=1)
def signing_key() -> Key:
    """Return an ES256 key, made once per process."""
    return Key.generate("ES256", "as-1")


class TopicScene(Scene):
    """An authorization server, an honest public client, a client of the attacker's, an API."""

    def __init__(self) -> None:
        super().__init__()
        self.db = Database()
        self.closing.append(self.db.close)
        self.server_class: type[AuthorizationServer] = AuthorizationServer
        known = self.known
        known.leaked_code = lambda: _code(self.victims_redirect())
        known.tokens = self.victims_tokens
        known.stale_id_token = self.stale_id_token
        known.claims_of = self.claims_of
        self._server: AuthorizationServer | None = None

    def claims_of(self, token: str) -> dict[str, Any]:
        """Return what the API reads in an access token."""
        return self.server.verifier.verify(token)

    @property
    def server(self) -> AuthorizationServer:
        """The authorization server, built by the target's class when it is first used."""
        if self._server is None:
            issuer = Issuer(AS, KeySet([signing_key()]), clock=self.clock)
            scopes = frozenset({"openid", "read", "admin"})
            self._server = self.server_class(
                issuer,
                [Client("app", (CALLBACK,), scopes=scopes), Client("evil", (EVIL,))],
                self.db,
                audience=API,
                secret=b"s" * 32,
                clock=self.clock,
                id_token=id_tokens(issuer),
            )
        return self._server

    def browser(self, user: str, **pairs: str) -> str:
        """Return where an authorization request sends a user's browser.

        Raises:
            OAuthError: the server shows an error page, or redirects with an error.
        """
        told = {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK, **pairs}
        made = self.server.authorize(told.items(), user)
        if not isinstance(made, Redirect):
            raise OAuthError(made.code, made.detail)
        if error := dict(parse_qsl(urlsplit(made.url).query)).get("error"):
            raise OAuthError(error)
        return made.url

    def victims_redirect(self) -> str:
        """Return the address with the code that the victim's own client gets."""
        asked = {"code_challenge": s256(VICTIMS), "code_challenge_method": "S256"}
        return self.browser("alice", scope="openid read", nonce="victims", **asked)

    def redeem(self, code: str, verifier: str, client: str = "app", **more: str) -> dict[str, Any]:
        """Exchange a code at the token endpoint."""
        form = {"grant_type": "authorization_code", "client_id": client, "code": code}
        return self.server.token({**form, "code_verifier": verifier, **more}.items())

    def victims_tokens(self) -> dict[str, Any]:
        """Return the tokens that the victim's client holds."""
        return self.redeem(_code(self.victims_redirect()), VICTIMS)

    def stale_id_token(self) -> dict[str, Any]:
        """Return an older answer of the token endpoint, captured from a log."""
        return self.victims_tokens()

    def api(self, tokens: dict[str, Any]) -> str:
        """Return what the API shows to the bearer of an access token."""
        return self.secret_of(self.server.verifier.verify(tokens["access_token"])["sub"])

    def party(self, exchange: Any, kind: type[RelyingParty], issuer: str = AS) -> RelyingParty:
        """Return the honest client's own code, talking to a token endpoint."""
        keys = self.server.issuer.keys
        return kind("app", CALLBACK, issuer, keys, exchange, clock=self.clock)


def _code(url: str) -> str:
    return dict(parse_qsl(urlsplit(url).query)).get("code", "")


def _pkce(verifier: str) -> dict[str, str]:
    return {"code_challenge": s256(verifier), "code_challenge_method": "S256"}


def honest_flow(known: SimpleNamespace, send: Send) -> bool:
    """Alice's own client gets a token and reads alice's data."""
    url = send("authorize", "alice", **_pkce(VICTIMS))
    return "canary" in send("read", send("token", _code(url), VICTIMS))


def honest_refresh(known: SimpleNamespace, send: Send) -> bool:
    """Alice's own client refreshes once and reads."""
    return "canary" in send("read", send("refresh", known.tokens()["refresh_token"]))


@attack(
    "oauth-redirect-prefix",
    "Redirect URI compared by prefix",
    "CWE-601",
    "RFC 9700 4.1.3",
    blocked="invalid_request",
    control=honest_flow,
)
def oauth_redirect_prefix(known: SimpleNamespace, send: Send) -> Any:
    url = send("authorize", "alice", redirect_uri=EVIL, **_pkce(OWN))
    if urlsplit(url).hostname != urlsplit(EVIL).hostname:
        raise Failed("the code went elsewhere")
    return send("read", send("token", _code(url), OWN, redirect_uri=EVIL))


@attack(
    "oauth-code-replay",
    "A code used twice",
    "CWE-294",
    "RFC 6749 4.1.2",
    blocked="invalid_grant",
    control=honest_flow,
)
def oauth_code_replay(known: SimpleNamespace, send: Send) -> Any:
    code = known.leaked_code()
    send("token", code, VICTIMS)  # the victim's client; its form stands in a log
    return send("read", send("token", code, VICTIMS))


@attack(
    "oauth-code-injection",
    "A stolen code in the attacker's session",
    "CWE-345",
    "RFC 7636 4.6",
    blocked="invalid_grant",
    control=honest_flow,
)
def oauth_code_injection(known: SimpleNamespace, send: Send) -> Any:
    return send("read", send("token", known.leaked_code(), OWN))


@attack(
    "oauth-pkce-downgrade",
    "The challenge is left out",
    "CWE-757",
    "RFC 9700 4.8.2",
    blocked="invalid_request",
    control=honest_flow,
)
def oauth_pkce_downgrade(known: SimpleNamespace, send: Send) -> Any:
    code = _code(send("authorize", "alice"))  # on its way, the attacker removed code_challenge
    return send("read", send("token", code, ""))


def honest_login(known: SimpleNamespace, send: Send) -> bool:
    """Alice logs in at the honest client."""
    browser: dict[str, Any] = {}
    asked = dict(parse_qsl(send("begin", browser)))
    url = send("authorize", "alice", **asked)
    return bool(send("finish", browser, dict(parse_qsl(urlsplit(url).query))) == "alice")


@attack(
    "oauth-missing-state",
    "The victim is logged in as the attacker",
    "CWE-352",
    "RFC 9700 4.7",
    blocked="state",
    control=honest_login,
)
def oauth_missing_state(known: SimpleNamespace, send: Send) -> Any:
    own: dict[str, Any] = {}
    asked = dict(parse_qsl(send("begin", own)))
    url = send("authorize", "mallory", **asked)
    victims: dict[str, Any] = {}
    return send("finish", victims, dict(parse_qsl(urlsplit(url).query)))


@attack(
    "oauth-mix-up",
    "The code goes to another server",
    "CWE-345",
    "RFC 9207 2.4",
    blocked="issuer",
    control=honest_login,
)
def oauth_mix_up(known: SimpleNamespace, send: Send) -> Any:
    browser: dict[str, Any] = {}
    # The client believes that it asked evil.example, whose page sent the browser to as.example.
    asked = dict(parse_qsl(send("begin-at-evil", browser)))
    url = send("authorize", "alice", **asked)
    send("finish-at-evil", browser, dict(parse_qsl(urlsplit(url).query)))
    got = known.evil_received
    return send("read", send("token", got["code"], got["code_verifier"]))


@attack(
    "oauth-refresh-replay",
    "A stolen refresh token after its use",
    "CWE-294",
    "RFC 9700 4.14.2",
    blocked="invalid_grant",
    control=honest_refresh,
)
def oauth_refresh_replay(known: SimpleNamespace, send: Send) -> Any:
    stolen = known.tokens()["refresh_token"]
    send("refresh", stolen)  # the owner
    return send("read", send("refresh", stolen))


@attack(
    "oauth-refresh-race",
    "Two refreshes at once",
    "CWE-367",
    "RFC 9700 4.14.2",
    blocked="goal",
    control=honest_refresh,
)
def oauth_refresh_race(known: SimpleNamespace, send: Send) -> Any:
    stolen, won = known.tokens()["refresh_token"], []

    def refresh() -> None:
        try:
            won.append(send("refresh", stolen))
        except OAuthError:
            return

    both = [threading.Thread(target=refresh) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    return f"{len(won)} tokens"


@attack(
    "oauth-client-swap",
    "A code redeemed by another client",
    "CWE-863",
    "RFC 6749 4.1.3",
    blocked="invalid_grant",
    control=honest_flow,
)
def oauth_client_swap(known: SimpleNamespace, send: Send) -> Any:
    code = _code(send("authorize", "alice", **_pkce(OWN)))  # the attacker made the link; it leaked
    return send("read", send("token", code, OWN, client="evil"))


def honest_scope(known: SimpleNamespace, send: Send) -> bool:
    """A refresh with less scope works."""
    made = send("refresh", known.tokens()["refresh_token"], scope="read")
    return bool(made["scope"] == "read")


@attack(
    "oauth-scope-growth",
    "A refresh that asks for more",
    "CWE-269",
    "RFC 6749 6",
    blocked="invalid_scope",
    control=honest_scope,
)
def oauth_scope_growth(known: SimpleNamespace, send: Send) -> Any:
    made = send("refresh", known.tokens()["refresh_token"], scope="read admin")
    return known.claims_of(made["access_token"])["scope"]


@attack(
    "oidc-nonce-replay",
    "An older ID token is played again",
    "CWE-294",
    "OIDC Core 3.1.3",
    blocked="nonce",
    control=honest_login,
)
def oidc_nonce_replay(known: SimpleNamespace, send: Send) -> Any:
    own: dict[str, Any] = {}
    asked = dict(parse_qsl(send("begin", own)))
    known.inject(known.stale_id_token())  # between the client and the token endpoint
    url = send("authorize", "mallory", **asked)
    return known.reads(send("finish", own, dict(parse_qsl(urlsplit(url).query))))
