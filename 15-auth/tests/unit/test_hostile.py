"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from velvet.hostile import Fixed, HostileTests, call
from velvet_auth import (
    keys,
    oidc,
    passkeys,
    passwords,
    rbac,
    redirects,
    saml,
    sessions,
    throttle,
    tokens,
    totp,
)
from velvet_auth.contenders.hashing import salted_sha256
from velvet_auth.database import Database
from velvet_auth.errors import AuthError, OAuthError, TokenError
from velvet_auth.oauth import clients, core, records

DB = Fixed(Database())
KEY = keys.Key.symmetric(bytes(32), "kid")
KEYS = Fixed(keys.KeySet([KEY]))
ISSUER = Fixed(tokens.Issuer("iss", KEYS.value))
TOKEN = ISSUER.value.access_token("sub", "aud")
VERIFIER = Fixed(tokens.Verifier(KEYS.value, "iss", "aud"))
JWK = keys.Key.generate("EdDSA", "kid").public_jwk()
CLIENT = clients.Client("id", ("https://a.example/back",))
FORM = [("client_id", "id")]
IDP = saml.IdpMeta("idp", "https://idp.example", "")
STORE = "it stands over one database, which its copies share"
ONCE = "its last call is refused, as it should be"
POLICY = {"roles": ["clerk"], "grants": [["clerk", "invoice:read"]]}
COMPILED = Fixed(rbac.Policy.from_dict(POLICY).compile())
SUBJECT, INVOICE = Fixed(rbac.Subject("a", frozenset({"clerk"}))), Fixed(rbac.Resource("invoice"))


def asked(method: Callable[..., object], *given: object) -> object:
    """Return the answer, or the word of a refusal, where what is valid as a text is refused."""
    try:
        return method(*given)
    except AuthError as error:
        return error.code


SECOND = totp.Totp(DB.value, "issuer")
SECOND.enrol("user")
SERVER = core.AuthorizationServer(ISSUER.value, [], DB.value, audience="a", secret=bytes(32))
PARTY = oidc.RelyingParty("id", "https://a.example", "iss", KEYS.value, dict)
PASSKEYS = passkeys.PasskeyRelyingParty(DB.value, "a.example", "https://a.example")
PROVIDER = saml.ServiceProvider("sp", "https://a.example", IDP, DB.value)


class TestHostile(HostileTests):
    errors = (AuthError,)
    calls = (
        call(keys.b64url, b"a"),
        call(keys.Key.generate, "EdDSA", "kid").but(of=(keys.Key,), same=False),
        call(keys.Key.symmetric, bytes(32), "kid"),
        call(keys.Key.from_jwk, JWK),
        call(keys.decoded, "YQ"),
        call(keys.thumbprint, JWK).but(errors=(KeyError,)),
        call(keys.KeySet, [KEY]).then("find", "kid").then("retire", "kid").but(shares=ONCE),
        call(keys.JwksCache, lambda: "{}", ttl=1.0, cooldown=1.0),
        call(clients.secret_digest, "secret"),
        call(clients.Client, "id", ("https://a.example/back",)),
        call(clients.redirect_allowed, Fixed(CLIENT), "https://a.example/back"),
        call(clients.single, FORM),
        call(clients.ClientAuthenticator, Fixed([CLIENT]), DB, "issuer")
        .then("authenticate", {"client_id": "id"})
        .then("get", "id")
        .but(shares=STORE),
        call(clients.basic_credentials, "Basic YTpi"),
        call(
            core.AuthorizationServer,
            ISSUER,
            Fixed([CLIENT]),
            DB,
            audience="a",
            secret=bytes(32),
            grace_s=1.0,
        )
        .then("authorize", FORM, "user")
        .then("revoke", [*FORM, ("token", "a")])
        .then("decide_device", "BCDF-GHJK", "user", allow=True)
        .but(shares=STORE),
        call(records.digest, "secret"),
        call(records.s256, "verifier"),
        call(records.successor_of, b"secret", "token"),
        call(records.metadata_of, "http://127.0.0.1", "RS256"),
        call(oidc.at_hash, "token"),
        call(oidc.RelyingParty, "id", "https://a.example/back", "iss", KEYS, dict)
        .then("begin", {}, "openid")
        .but(shares=STORE),
        call(passkeys.PasskeyRelyingParty, DB, "a.example", "https://a.example")
        .then("begin_registration", "user")
        .then("begin_login", "user")
        .but(shares=STORE),
        call(passwords.normalised, "a password"),
        call(
            passwords.PasswordService,
            Fixed(salted_sha256.Hasher()),
            [],
            pepper=b"a",
            max_workers=1,
            max_waiting=1,
            blocklist=["password"],
        )
        .then("hash", "a password")
        .then("check", "sha256$a$b", "a password"),
        call(passwords.calibrate, 1000.0, Fixed(8), clock=Fixed(float)),
        call(rbac.Policy.from_dict, POLICY).but(of=(rbac.Policy,)),
        call(rbac.Compiled.allowed, COMPILED, SUBJECT, "read", INVOICE),
        call(rbac.Compiled.assign, COMPILED, SUBJECT, "clerk"),
        call(rbac.Compiled.explain, COMPILED, SUBJECT, "read", INVOICE).but(of=(rbac.Compiled,)),
        call(redirects.safe_redirect, "/cart", "https://a.example/login", ["b.example"]),
        call(saml.parse, b"<a/>"),
        call(saml.decoded, "PGEvPg=="),
        call(saml.ServiceProvider, "sp", "https://a.example", Fixed(IDP), DB)
        .then("begin", {}, "relay")
        .but(shares=STORE),
        call(sessions.SessionStore, DB, idle_s=60.0, absolute_s=60.0)
        .then("create", "user", {"a": 1})
        .then("load", "id")
        .then("revoke", "id")
        .then("revoke_all", "user")
        .but(shares=STORE),
        call(sessions.cookie_header, "id"),
        call(sessions.cookie_header, "id", dev_insecure=True, host="127.0.0.1"),
        call(sessions.SignedCookieSessions, "key", max_age_s=60)
        .then("create", "user", {"a": 1})
        .then("load", "value"),
        call(sessions.Csrf, "https://a.example")
        .then("check", "GET", {}, Fixed(None), "token")
        .then("check_origin", {"origin": "https://a.example"})
        .then("check_token", Fixed(sessions.Session("user", "token")), "token"),
        call(throttle.LoginThrottle)
        .then("failed", "account", "127.0.0.1")
        .then("before", "account", "127.0.0.1")
        .then("succeeded", "account", "127.0.0.1")
        .but(shares="a limit is one for all; `copy.copy` is shallow, as of any plain class"),
        call(tokens.strict_json, b'{"a": 1}'),
        call(tokens.parse_strict, TOKEN),
        call(tokens.verify_compact, TOKEN, KEYS, algorithms=["HS256"]),
        call(tokens.DenyList, DB).then("add", "jti", 1.0).but(shares=STORE),
        call(tokens.Issuer, "iss", KEYS)
        .then("access_token", "sub", "aud", "scope", ttl=300)
        .then("sign", {"a": 1}, typ="jwt", ttl=300),
        call(tokens.Verifier, KEYS, "iss", "aud", "jwt", ("HS256",), 30.0, ("exp",)),
        call(tokens.check_type, VERIFIER, {"typ": "at+jwt"}, {}),
        call(tokens.check_form, VERIFIER, {}, {"exp": 1, "iat": 1, "sub": "a", "jti": "a"}),
        call(tokens.check_issuer, VERIFIER, {}, {"iss": "iss"}),
        call(tokens.check_audience, VERIFIER, {}, {"aud": "aud"}),
        call(tokens.check_times, VERIFIER, {}, {"exp": 2**40}),
        call(tokens.check_denied, VERIFIER, {}, {"jti": "a"}),
        call(totp.Totp, DB, "issuer")
        .then("enrol", "user")
        .then("check_attempts", "user")
        .then("recovery_codes", "user")
        .but(shares=STORE),
        call(asked, Fixed(SECOND.check), "user", "123456"),
        call(asked, Fixed(SECOND.recover), "user", "code"),
        call(asked, Fixed(SERVER.check_verifier), "challenge", "verifier"),
        call(asked, Fixed(PARTY.finish), {}, {"state": "a"}),
        call(asked, Fixed(PASSKEYS.finish_login), "user", {}),
        call(asked, Fixed(PROVIDER.consume), "PGEvPg==", {}),
        call(asked, Fixed(VERIFIER.value.verify), TOKEN),
        call(asked, Fixed(sessions.SessionStore(DB.value).rotate), "id", "user"),
        call(asked, Fixed(keys.JwksCache(str).find), "kid"),
    )
    excepted = {
        "database": "takes the program's own statements",
        "oauth.http": "a web application over the server; tests/unit/test_oauth.py",
        "saml": "takes a parsed document; tests/unit/test_saml.py",
    }


def test_half_a_surrogate_pair_in_a_claim_is_no_json_of_ours() -> None:
    with pytest.raises(TokenError, match="malformed"):
        tokens.strict_json(b'{"jti": "\\ud800"}')
    assert tokens.strict_json(b'{"jti": "\\ud83d\\ude00"}') == {"jti": "\U0001f600"}


@pytest.mark.parametrize("given", ["é", "\ud800"])
def test_a_nonce_or_a_state_beyond_ascii_is_refused_in_words(given: str) -> None:
    party = oidc.RelyingParty("id", "https://a.example", "iss", KEYS.value, dict)

    with pytest.raises(OAuthError, match="nonce"):
        party.check_nonce({"nonce": "a"}, {"nonce": given})
    with pytest.raises(OAuthError, match="state"):
        party.check_state({"state": "a"}, {"state": given})


def test_a_hierarchy_as_deep_as_the_stack_or_with_many_ways_up_compiles() -> None:
    deep = {f"{n}": [f"{n + 1}"] for n in range(1500)}
    wide = {f"{n}{side}": [f"{n + 1}a", f"{n + 1}b"] for n in range(40) for side in "ab"}

    for hierarchy in (deep, wide):
        roles = {*hierarchy, *(one for above in hierarchy.values() for one in above)}
        made = rbac.Policy.from_dict({"roles": roles, "hierarchy": hierarchy}).compile()
        assert max(map(len, made.reach.values())) in (1501, 81)
