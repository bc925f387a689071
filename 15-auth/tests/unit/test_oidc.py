"""The client's side of OpenID Connect: one login, and the answers that it refuses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.keys import decoded
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import Redirect, s256
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


def granted(server: AuthorizationServer, verifier: str = "v" * 43, **more: Any) -> dict[str, str]:
    """Return the form with which a client redeems a fresh code."""
    asked = {"response_type": "code", "client_id": "app", "redirect_uri": CALLBACK}
    asked |= {"code_challenge": s256(verifier), "code_challenge_method": "S256"}
    made = server.authorize(asked.items(), "alice", **more)
    assert isinstance(made, Redirect)
    code = dict(parse_qsl(urlsplit(made.url).query))["code"]
    told = {"grant_type": "authorization_code", "client_id": "app", "code": code}
    return {**told, "code_verifier": verifier}


def test_an_id_token_tells_when_the_user_logged_in_also_after_a_refresh(
    server: AuthorizationServer, clock: Clock
) -> None:
    def told(answer: dict[str, Any]) -> Any:
        return json.loads(decoded(answer["id_token"].split(".")[1])).get("auth_time")

    first = server.token(granted(server, auth_time=clock() - 3600).items())
    clock.ahead(60)
    renew = {"grant_type": "refresh_token", "client_id": "app"}
    second = server.token({**renew, "refresh_token": first["refresh_token"]}.items())

    assert told(first) == told(second) == clock() - 3660
    assert told(server.token(granted(server).items())) is None, "not known"


def test_a_code_verifier_may_hold_every_unreserved_letter(server: AuthorizationServer) -> None:
    assert server.token(granted(server, "~._-" + "a" * 124).items())["access_token"]


def test_a_parameter_of_a_token_request_occurs_once(server: AuthorizationServer) -> None:
    with pytest.raises(OAuthError, match="invalid_request"):
        server.token([*granted(server).items(), ("client_id", "app")])
