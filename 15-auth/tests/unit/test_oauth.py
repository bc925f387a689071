"""The authorization server: each grant, each refusal by its code of the RFC, and the client's side."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from velvet_auth.database import Database
from velvet_auth.errors import OAuthError, TokenError
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import ASSERTION_TYPE, DEVICE_GRANT, Client, redirect_allowed
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oauth.records import ErrorPage, Redirect, s256
from velvet_auth.samples.lab import Clock
from velvet_auth.tokens import Issuer

SECRET = "marmalade-client-secret-of-256-bits"  # whose digest the client of conftest has
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CALLBACK = "https://app.example/cb"
ASK = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": CALLBACK,
    "code_challenge": s256(VERIFIER),
    "code_challenge_method": "S256",
    "state": "xyz",
    "scope": "openid read",
}


def answer_to(server: AuthorizationServer, **changes: str | None) -> dict[str, str]:
    asked = {name: value for name, value in {**ASK, **changes}.items() if value is not None}
    made = server.authorize(asked.items(), "alice")
    assert isinstance(made, Redirect), made
    return dict(parse_qsl(urlsplit(made.url).query))


def form(server: AuthorizationServer, **changes: str | None) -> dict[str, str]:
    told = {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": answer_to(server)["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


def refused(server: AuthorizationServer, told: dict[str, str], header: str = "") -> str:
    with pytest.raises(OAuthError) as caught:
        server.token(told.items(), header)
    return caught.value.code


def refresh(server: AuthorizationServer, token: str, **more: str) -> dict[str, Any]:
    told = {"grant_type": "refresh_token", "client_id": "app", "refresh_token": token, **more}
    return server.token(told.items())


def test_rfc_7636_appendix_b() -> None:
    assert s256(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_code_becomes_tokens(server: AuthorizationServer) -> None:
    answer = answer_to(server)

    tokens = server.token(form(server, code=answer["code"]).items())

    assert answer["state"] == "xyz"
    assert answer["iss"] == "https://as.example"
    claims = server.verifier.verify(tokens["access_token"])
    assert (claims["sub"], claims["scope"], claims["client_id"]) == ("alice", "openid read", "app")
    assert set(tokens) >= {"refresh_token", "id_token", "expires_in", "token_type", "scope"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "openid admin"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_is_answered_at_the_registered_address(
    changes: dict[str, str | None], code: str, server: AuthorizationServer
) -> None:
    answer = answer_to(server, **changes)

    assert answer == {"error": code, "state": "xyz", "iss": "https://as.example"}


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb/more", "https://app.example/cb?x=1", "https://app.example/cb#f",
        "https://app.example/CB", "https://app.example@evil.example/cb", "https://app.example\\cb",
        "https://app.example:8443/cb", "http://app.example/cb", "", "https://evil.example/cb",
        "http://127.0.0.1:9/other", "http://127.0.0.1:x/cb", "http://localhost:9/cb",
    ],
)  # fmt: skip
def test_an_unregistered_redirect_uri_gets_a_page(uri: str, server: AuthorizationServer) -> None:
    made = server.authorize({**ASK, "redirect_uri": uri}.items(), "alice")

    assert isinstance(made, ErrorPage)


def test_the_port_of_a_loopback_address_may_differ(server: AuthorizationServer) -> None:
    uri = "http://127.0.0.1:51004/cb"

    made = server.authorize({**ASK, "redirect_uri": uri}.items(), "alice")

    assert isinstance(made, Redirect)
    assert made.url.startswith(uri)
    assert redirect_allowed(Client("c", ("http://[::1]/cb",)), "http://[::1]:7/cb")


def test_an_unknown_client_and_a_repeated_parameter_get_a_page(server: AuthorizationServer) -> None:
    assert isinstance(server.authorize({**ASK, "client_id": "no"}.items(), "a"), ErrorPage)
    assert isinstance(server.authorize([*ASK.items(), ("state", "2")], "a"), ErrorPage)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": "unknown"}, "invalid_grant"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"client_id": "evil"}, "invalid_grant"),
        ({"client_id": "no"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"code_verifier": "x" * 42}, "invalid_grant"),
        ({"code_verifier": "x" * 129}, "invalid_grant"),
        ({"code_verifier": "~" * 43}, "invalid_grant"),
        ({"code_verifier": " " * 43}, "invalid_grant"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_secret": "x", "client_assertion": "y"}, "invalid_request"),
    ],
)
def test_a_wrong_token_request(
    changes: dict[str, str | None], code: str, server: AuthorizationServer
) -> None:
    assert refused(server, form(server, **changes)) == code


def test_a_code_lives_for_a_minute(server: AuthorizationServer, clock: Clock) -> None:
    told = form(server)
    clock.ahead(61)

    assert refused(server, told) == "invalid_grant"


def test_a_code_used_twice_revokes_what_it_brought(server: AuthorizationServer) -> None:
    told = form(server)
    tokens = server.token(told.items())

    assert refused(server, told) == "invalid_grant"

    with pytest.raises(TokenError, match="revoked"):
        server.verifier.verify(tokens["access_token"])
    with pytest.raises(OAuthError, match="invalid_grant"):
        refresh(server, tokens["refresh_token"])


def test_a_stolen_refresh_token_ends_its_family(server: AuthorizationServer) -> None:
    first = server.token(form(server).items())
    second = refresh(server, first["refresh_token"])

    with pytest.raises(OAuthError, match="invalid_grant"):
        refresh(server, first["refresh_token"])  # the thief
    with pytest.raises(OAuthError, match="invalid_grant"):
        refresh(server, second["refresh_token"])  # the owner
    with pytest.raises(TokenError, match="revoked"):
        server.verifier.verify(second["access_token"])


def test_what_was_revoked_stays_so_after_a_restart(
    clock: Clock, db: Database, es256: Key, make_server: Any
) -> None:
    server = make_server(clock, db, es256)
    first = server.token(form(server).items())
    second = server.token(form(server).items())
    server.revoke({"client_id": "app", "token": first["refresh_token"]}.items())
    server.revoke({"client_id": "app", "token": second["access_token"]}.items())

    restarted = make_server(clock, db, es256)

    for answer in (first, second):
        with pytest.raises(TokenError, match="revoked"):
            restarted.verifier.verify(answer["access_token"])
    clock.ahead(331)
    server.denied.add("another", clock())
    assert db.rows("SELECT jti FROM denied") == [("another",)]


def test_a_family_that_is_revoked_during_a_refresh_gets_no_token(
    server: AuthorizationServer, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = server.token(form(server).items())
    second = refresh(server, first["refresh_token"])
    inside: list[bool] = []
    plain = server.issuer.sign

    def sign(*words: Any, **named: Any) -> str:
        inside.append(db._connection.in_transaction)
        return plain(*words, **named)

    monkeypatch.setattr(server.issuer, "sign", sign)
    third = refresh(server, second["refresh_token"])
    with pytest.raises(OAuthError):
        refresh(server, first["refresh_token"])

    assert all(inside)
    with pytest.raises(TokenError, match="revoked"):
        server.verifier.verify(third["access_token"])


def test_a_retry_within_the_grace_gets_the_same_successor(
    clock: Clock, db: Database, es256: Key, make_server: Any
) -> None:
    server = make_server(clock, db, es256, grace_s=2)
    first = server.token(form(server).items())["refresh_token"]
    second = refresh(server, first)["refresh_token"]

    clock.ahead(1)
    assert refresh(server, first)["refresh_token"] == second
    clock.ahead(2)
    with pytest.raises(OAuthError):
        refresh(server, first)
    with pytest.raises(OAuthError):
        refresh(server, second)


def test_a_scope_may_shrink_and_not_grow(server: AuthorizationServer, clock: Clock) -> None:
    token = server.token(form(server).items())["refresh_token"]

    less = refresh(server, token, scope="read")

    assert less["scope"] == "read"
    with pytest.raises(OAuthError, match="invalid_scope"):
        refresh(server, less["refresh_token"], scope="openid read")
    clock.ahead(15 * 86_400)
    with pytest.raises(OAuthError, match="invalid_grant"):
        refresh(server, less["refresh_token"])


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


CREDENTIALS = {"grant_type": "client_credentials"}


def test_a_service_gets_a_token_without_a_user(server: AuthorizationServer) -> None:
    post = {**CREDENTIALS, "client_id": "service", "client_secret": SECRET, "scope": "write"}

    for made in (
        server.token(CREDENTIALS.items(), basic("service", SECRET)),
        server.token(post.items()),
    ):
        assert server.verifier.verify(made["access_token"])["sub"] == "service"
        assert "refresh_token" not in made


@pytest.mark.parametrize(
    ("header", "more", "code"),
    [
        (basic("service", "wrong"), {}, "invalid_client"),
        (basic("unknown", SECRET), {}, "invalid_client"),
        ("Basic !!", {}, "invalid_client"),
        ("Bearer " + base64.b64encode(b"a:b").decode(), {}, "invalid_client"),
        (basic("service", SECRET), {"client_secret": SECRET}, "invalid_request"),
        (basic("service", SECRET), {"client_id": "app"}, "invalid_request"),
    ],
)
def test_a_client_that_does_not_authenticate(
    header: str, more: dict[str, str], code: str, server: AuthorizationServer
) -> None:
    assert refused(server, {**CREDENTIALS, **more}, header) == code


def test_a_client_may_sign_instead_of_telling_a_secret(
    clock: Clock, db: Database, make_server: Any
) -> None:
    own = KeySet([Key.generate("ES256")])
    signer = Client("signer", grants=frozenset({"client_credentials"}), keys=own)
    server = make_server(clock, db, Key.generate("ES256"), clients=[signer])
    issuer = Issuer("signer", own, clock=clock)
    told = {**CREDENTIALS, "client_id": "signer", "client_assertion_type": ASSERTION_TYPE}

    def assertion(**claims: str) -> dict[str, str]:
        made = {"sub": "signer", "aud": "https://as.example", **claims}
        return {**told, "client_assertion": issuer.sign(made, typ="JWT", ttl=60)}

    good = assertion()
    assert server.token(good.items())["access_token"]
    assert refused(server, good) == "invalid_client", "an assertion is used once"
    assert refused(server, assertion(aud="https://other.example")) == "invalid_client"
    assert refused(server, assertion(sub="someone")) == "invalid_client"
    assert refused(server, {**told, "client_assertion": "x"}) == "invalid_client"
    assert refused(server, {**good, "client_assertion_type": "x"}) == "invalid_request"
    assert refused(server, {**good, "client_id": "no"}) == "invalid_client"


def test_a_device_polls_until_the_user_decides(server: AuthorizationServer, clock: Clock) -> None:
    begun = server.device_authorization([("client_id", "tv")])
    told = {"grant_type": DEVICE_GRANT, "client_id": "tv", "device_code": begun["device_code"]}

    assert refused(server, told) == "authorization_pending"
    assert refused(server, told) == "slow_down"
    clock.ahead(9)
    assert refused(server, told) == "slow_down", "the interval has grown by five seconds"
    clock.ahead(20)
    assert server.decide_device(begun["user_code"].lower(), "alice", allow=True)
    tokens = server.token(told.items())
    assert server.verifier.verify(tokens["access_token"])["sub"] == "alice"
    clock.ahead(20)
    assert refused(server, told) == "invalid_grant"
    assert not server.decide_device(begun["user_code"], "alice", allow=True)


def test_a_device_code_is_denied_or_runs_out(server: AuthorizationServer, clock: Clock) -> None:
    codes = [server.device_authorization([("client_id", "tv")]) for _ in range(2)]
    told = {"grant_type": DEVICE_GRANT, "client_id": "tv"}

    server.decide_device(codes[0]["user_code"], "alice", allow=False)
    assert refused(server, {**told, "device_code": codes[0]["device_code"]}) == "access_denied"
    clock.ahead(601)
    assert refused(server, {**told, "device_code": codes[1]["device_code"]}) == "expired_token"
    assert refused(server, {**told, "device_code": "unknown"}) == "invalid_grant"
    with pytest.raises(OAuthError, match="unauthorized_client"):
        server.device_authorization([("client_id", "app")])


def test_a_device_code_is_consumed_once(server: AuthorizationServer, db: Database) -> None:
    begun = server.device_authorization([("client_id", "tv")])
    server.decide_device(begun["user_code"], "alice", allow=True)
    told = {"grant_type": DEVICE_GRANT, "client_id": "tv", "device_code": begun["device_code"]}
    db.define(
        "CREATE TRIGGER racing BEFORE UPDATE OF polled_at ON devices"
        " BEGIN UPDATE devices SET state = 'used'; END;"
    )

    assert refused(server, told) == "invalid_grant"


def test_revocation_and_introspection(server: AuthorizationServer) -> None:
    tokens = server.token(form(server).items())
    again = server.token(form(server).items())
    asks = basic("service", SECRET)

    def active(token: str) -> bool:
        return bool(server.introspect([("token", token)], asks)["active"])

    assert active(tokens["access_token"])
    assert active(again["access_token"])
    for told in (tokens["refresh_token"], again["access_token"], "no token at all"):
        server.revoke([("client_id", "app"), ("token", told)])
    assert not active(tokens["access_token"])
    assert not active(again["access_token"])
    other = server.token(form(server).items())["access_token"]
    server.revoke([("client_id", "evil"), ("token", other)])
    assert active(other), "another client's token stays"
    with pytest.raises(OAuthError, match="invalid_client"):
        server.introspect([("client_id", "app"), ("token", other)])


def test_metadata_names_what_rfc_8414_asks_for(server: AuthorizationServer) -> None:
    told = server.metadata()

    assert told["issuer"] == "https://as.example"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_endpoint", "token_endpoint", "jwks_uri"} <= set(told)
    assert told["id_token_signing_alg_values_supported"] == ["ES256"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grants": frozenset({"password"})}, "unknown grants"),
        ({"redirect_uris": ("/cb",)}, "no absolute"),
        ({"redirect_uris": ("https://a.example/#f",)}, "no absolute"),
    ],
)
def test_a_client_that_cannot_be_registered(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Client("x", **options)


def test_a_server_needs_a_long_secret(clock: Clock, db: Database, es256: Key) -> None:
    issuer = Issuer("https://as.example", KeySet([es256]))

    with pytest.raises(ValueError, match="32 bytes"):
        AuthorizationServer(issuer, [], db, audience="api", secret=b"short")
