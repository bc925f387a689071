"""Secrets of one whole day of a service, and everything that the service says in it.

The output and the errors of every test are searched by `velvet.passwords`. This file also searches what is not output
yet: errors, their context, `repr`, and the addresses to which a browser is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from velvet.passwords import pattern_for
from velvet_auth.contenders.hashing import argon2id
from velvet_auth.database import Database
from velvet_auth.errors import AuthError
from velvet_auth.keys import Key, KeySet
from velvet_auth.oauth.clients import Client, secret_digest
from velvet_auth.oauth.core import AuthorizationServer
from velvet_auth.oidc import PENDING, RelyingParty
from velvet_auth.passwords import PasswordService
from velvet_auth.saml import ServiceProvider
from velvet_auth.samples.idp import MiniIdp, encoded
from velvet_auth.samples.lab import Clock
from velvet_auth.sessions import Csrf, SessionStore, SignedCookieSessions
from velvet_auth.tokens import parse_strict, verify_compact
from velvet_auth.totp import Totp

MARKER = "marmalade"
CALLBACK = "https://app.example/cb"


class Day:
    """What was said, and what must not have been in it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.secrets: dict[str, str] = {}

    def keep(self, name: str, secret: str) -> str:
        self.secrets[name] = secret
        return secret

    def shown(self, *values: object) -> None:
        self.said += [text for value in values for text in (repr(value), str(value))]

    def refused(self, call: Callable[..., Any], *words: Any) -> None:
        with pytest.raises(AuthError) as caught:
            call(*words)
        self.shown(caught.value, caught.value.__cause__, vars(caught.value))
        if not caught.value.__suppress_context__:
            self.shown(caught.value.__context__)

    def leaks(self) -> list[str]:
        everything = "\n".join(self.said)
        return [name for name, secret in self.secrets.items() if secret in everything]


def passwords(day: Day) -> None:
    hasher = argon2id.Hasher(7168, 1, 1)
    service = PasswordService(hasher, pepper=f"{MARKER} pepper".encode(), blocklist=())
    word = day.keep("password", f"{MARKER} password")
    row = day.keep("stored hash", service.hash(word))
    day.shown(service, hasher, service.check(row, word), service.check(row, word + "x"))
    for wrong in (word + "\0", word * 100, word + "\ud800"):
        day.refused(service.check, row, wrong)
    day.refused(service.check, f"$no$scheme${word}", word)
    service.close()


def oauth(day: Day, db: Database, clock: Clock, server: AuthorizationServer) -> None:
    day.keep("client secret", f"{MARKER}-client-secret-of-256-bits")
    day.keep("digest of the client secret", secret_digest(day.secrets["client secret"]))
    answers: dict[str, Any] = {}

    def exchange(form: dict[str, str]) -> Any:
        answers.update(server.token(form.items()))
        return answers

    party = RelyingParty(
        "app", CALLBACK, "https://as.example", server.issuer.keys, exchange, clock=clock
    )
    session: dict[str, Any] = {}
    query = party.begin(session)
    verifier = day.keep("PKCE verifier", session[PENDING]["verifier"])
    sent = server.authorize(parse_qsl(query), "alice")
    answer = dict(parse_qsl(urlsplit(sent.url).query))  # type: ignore[union-attr]
    day.shown(sent, server, server.issuer, server.clients.get("service"), server.metadata())
    day.said += [query, sent.url]  # type: ignore[union-attr]
    day.shown(party.finish(session, answer))
    code = answer["code"]
    for name in ("access_token", "refresh_token", "id_token"):
        day.keep(name, answers[name])
    day.shown(parse_strict(answers["access_token"]))
    keys = server.issuer.keys
    day.shown(verify_compact(answers["access_token"], keys, algorithms=("ES256",)))
    form = {"grant_type": "authorization_code", "client_id": "app", "code": code}
    day.refused(server.token, {**form, "code_verifier": verifier}.items())
    day.refused(server.token, {**form, "code_verifier": verifier[:40]}.items())
    renew = {"grant_type": "refresh_token", "refresh_token": answers["refresh_token"]}
    day.refused(server.token, {**renew, "client_id": "app"}.items())
    day.refused(server.token, {**renew, "client_id": "evil"}.items())
    wrong = {"client_id": "service", "client_secret": day.secrets["client secret"] + "x"}
    day.refused(server.token, {**wrong, "grant_type": "client_credentials"}.items())
    day.refused(server.token, wrong.items(), f"Basic {day.secrets['client secret']}")
    day.refused(server.verifier.verify, answers["access_token"])
    day.refused(server.verifier.verify, answers["id_token"])
    day.refused(server.verifier.verify, answers["id_token"][:-3] + "AAA")
    assert code not in "".join(text for text in day.said if CALLBACK not in text)


def browsers(day: Day, db: Database, clock: Clock) -> None:
    store = SessionStore(db, clock=clock)
    cookie = day.keep("session id", store.create("alice"))
    session = store.load(cookie)
    assert session is not None
    token = day.keep("CSRF token", session.csrf)
    day.shown(store, session)
    day.refused(Csrf("https://shop.example").check_token, session, token + "x")
    day.refused(store.rotate, cookie[:-1])
    signed = SignedCookieSessions(day.keep("cookie key", f"{MARKER} cookie key"))
    day.shown(signed, signed.load(signed.create("alice")), signed.load(cookie))
    totp = Totp(db, "shop", clock=clock)
    uri = totp.enrol("alice")
    day.keep("second factor", parse_qs(urlsplit(uri).query)["secret"][0])
    day.keep("recovery code", totp.recovery_codes("alice")[0])
    day.refused(totp.check, "alice", "no code")
    day.refused(totp.recover, "alice", day.secrets["recovery code"] + "x")
    day.shown(totp)


def documents(day: Day, db: Database, clock: Clock) -> None:
    idp = MiniIdp(clock=clock)
    provider = ServiceProvider("https://shop", "https://shop/acs", idp.meta, db, clock=clock)
    pending: dict[str, Any] = {}
    day.said.append(provider.begin(pending))
    asked = {"acs": "https://shop/acs", "audience": "https://shop"}
    response = day.keep("assertion", encoded(idp.respond("alice", pending["saml"], **asked)))
    day.shown(provider, idp.meta, provider.consume(response, pending))
    day.refused(provider.consume, response, pending)
    day.refused(provider.consume, response + "!", pending)


def keys(day: Day) -> None:
    for alg in ("RS256", "ES256", "EdDSA"):
        key = Key.generate(alg)
        day.keep(f"private {alg}", key.export(private=True).decode().splitlines()[1])
        day.shown(key, KeySet([key]), KeySet([key]).public_jwks(), key.public_jwk())
    secret = (MARKER * 4).encode()
    day.keep("shared secret", MARKER * 4)
    day.shown(Key.symmetric(secret), Client("app", (CALLBACK,), keys=KeySet([])))
    day.refused(Key.symmetric, b"marmalade")


def test_no_secret_is_in_an_error_an_address_a_repr_or_an_output(
    db: Database,
    clock: Clock,
    server: AuthorizationServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    day = Day()

    passwords(day)
    oauth(day, db, clock, server)
    browsers(day, db, clock)
    documents(day, db, clock)
    keys(day)

    day.said += [record.getMessage() for record in caplog.records]
    day.said += list(capfd.readouterr())
    assert len(day.secrets) > 14
    assert len(day.said) > 80
    assert day.leaks() == []
    assert logging.getLogger("signxml").level == logging.WARNING


def test_a_leak_would_be_found() -> None:
    day = Day()
    day.keep("password", "marmalade-x")

    day.shown(ValueError("marmalade-x is wrong"))

    assert day.leaks() == ["password"]


def test_the_watch_over_every_output_knows_a_token_a_key_and_a_second_factor(
    request: pytest.FixtureRequest, server: AuthorizationServer, db: Database
) -> None:
    watch = pattern_for(request.config, request.path.parent)
    made = server.issuer.access_token("alice", "api")

    assert watch.search(f"accepted {made}")
    assert watch.search(Key.generate("EdDSA").export(private=True).decode())
    assert watch.search(Totp(db, "shop").enrol("alice"))
    assert watch.search(f"the password is {MARKER}")
    assert not watch.search("alg none: the algorithm is not on the list of this verifier")
