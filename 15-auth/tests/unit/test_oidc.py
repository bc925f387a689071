"""The client's side of OpenID Connect: one login, and the answers that it refuses."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import Redirect
from velvet_auth.oidc import Identity, RelyingParty
from velvet_auth.samples.lab import Clock
from velvet_auth.tokens import Issuer

CALLBACK = "https://app.example/cb"


def logged_in(server: AuthorizationServer, clock: Clock, **answers: Any) -> Identity:
    def exchange(told: dict[str, str]) -> dict[str, Any]:
        return {**server.token({"client_id": "app", **told}.items()), **answers}

    party = RelyingParty(
        "app", CALLBACK, "https://as.example", server.issuer.keys, exchange, clock=clock
    )
    browser: dict[str, Any] = {}
    made = server.authorize(parse_qsl(party.begin(browser)), "alice")
    assert isinstance(made, Redirect)
    return party.finish(browser, dict(parse_qsl(urlsplit(made.url).query)))


def test_a_user_logs_in_with_openid_connect(server: AuthorizationServer, clock: Clock) -> None:
    assert logged_in(server, clock) == Identity("https://as.example", "alice")


def test_an_id_token_belongs_to_its_access_token(server: AuthorizationServer, clock: Clock) -> None:
    with pytest.raises(OAuthError, match="at_hash"):
        logged_in(server, clock, access_token="another")


def test_a_refusal_of_the_server_and_another_party_are_told(
    server: AuthorizationServer, clock: Clock
) -> None:
    party = RelyingParty("app", CALLBACK, "https://as.example", server.issuer.keys, dict)
    browser: dict[str, Any] = {}
    state = dict(parse_qsl(party.begin(browser)))["state"]
    with pytest.raises(OAuthError, match="access_denied"):
        party.finish(browser, {"state": state, "iss": "https://as.example", "error": "x"})

    stray = {"sub": "alice", "aud": "app", "azp": "evil"}
    token = Issuer("https://as.example", server.issuer.keys, clock=clock)
    party = RelyingParty(
        "app",
        CALLBACK,
        "https://as.example",
        server.issuer.keys,
        lambda _: {"id_token": token.sign({**stray, "nonce": nonce}, typ="JWT", ttl=60)},
        clock=clock,
    )
    asked = dict(parse_qsl(party.begin(browser)))
    nonce = asked["nonce"]
    with pytest.raises(TokenError, match="audience"):
        party.finish(browser, {"state": asked["state"], "iss": "https://as.example"})
